using Longspan.AgentLink;
using Longspan.Node.Engines;

namespace Longspan.Node.Tasks;

/// <summary>
/// In awsvpc mode a task has one address, and with <c>pidMode</c> or <c>ipcMode</c> <c>task</c> one process or IPC namespace. A task of
/// several containers gets one more, which owns the namespaces that the others join; the server never hears of it. A single container owns
/// them itself.
/// </summary>
internal static class NetworkOwner
{
    /// <summary>What Amazon's agent calls its own; no container definition can have this name.</summary>
    public const string Name = "~internal~ecs~pause";

    public static bool IsNeeded(AgentTask task) => task.Containers is { Count: > 1 }
        && (task.NetworkMode == "awsvpc" || task.PidMode == "task" || task.IpcMode == "task");

    public static AgentTask AddTo(AgentTask task) => !IsNeeded(task) ? task : task with
    {
        Containers = [new AgentContainer { Name = Name, Image = PauseImage.Name, Essential = true, StopTimeout = 0 }, .. task.Containers!],
    };

    public static bool Is(SavedContainer container) => container.Name == Name;

    public static bool IsIn(AgentTask task) => task.Containers?.Any(c => c.Name == Name) == true;
}
