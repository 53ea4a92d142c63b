using Longspan.AgentLink;
using Longspan.Node.State;
using Longspan.Node.Tasks;

namespace Longspan.Node.Injection;

/// <summary>Fetches all that a task's containers are to be given. Throws <see cref="TaskFault"/> when something of it cannot be had.</summary>
internal delegate Task<InjectedValues> ConfigurationSource(SavedTask task, CancellationToken stop);

/// <summary>
/// Secrets and environment files of tasks: fetched once, before a task's first container is made, and the same for the task's life, as on ECS.
/// They are kept sealed so that a node that is cut off can make a container of the task anew, also after a reboot; they are opened only while
/// a container is made, and removed when the task is over.
/// </summary>
internal sealed class TaskConfiguration(StateFolder state, ConfigurationSource source)
{
    private readonly SealedFiles<InjectedValues> _kept = new(state, "values", "", InjectedValuesJson.Default.InjectedValues);

    public static bool IsNeeded(AgentContainer container) => container.Secrets is { Count: > 0 } || container.EnvironmentFiles is { Count: > 0 };

    public static bool IsNeeded(SavedTask task) => task.Task.Containers?.Any(IsNeeded) == true;

    public async Task PrepareAsync(SavedTask task, CancellationToken stop)
    {
        if (IsNeeded(task) && _kept.Read(task.Arn) is null)
        {
            _kept.Write(task.Arn, await source(task, stop));
        }
    }

    public ContainerValues Of(SavedTask task, AgentContainer container) => !IsNeeded(container) ? ContainerValues.None
        : _kept.Read(task.Arn)?.Containers.GetValueOrDefault(container.Name!)
            ?? throw new TaskFault("ResourceInitializationError", "the values for the task's containers are gone from this node");

    public void Forget(SavedTask task) => _kept.Delete(task.Arn);

    public void Keep(IEnumerable<SavedTask> tasks) => _kept.Keep(tasks.Select(t => t.Arn));
}
