using Longspan.AgentLink;

namespace Longspan.Node.Tasks;

/// <summary>What a task must have to be taken.</summary>
internal static class TaskCheck
{
    private const int MaxContainers = 64;

    /// <returns>What is wrong, or null.</returns>
    public static string? Fault(AgentTask task)
    {
        if (task.Arn is not { Length: > 0 } || !task.Arn.Contains('/', StringComparison.Ordinal))
        {
            return $"invalid task ARN '{task.Arn}'";
        }
        if (task.DesiredStatus is not (AgentTask.Running or AgentTask.Stopped))
        {
            return $"unrecognized desired status '{task.DesiredStatus}'";
        }
        var containers = task.Containers ?? [];
        if (containers.Any(c => c.Name is not { Length: > 0 }) || containers.Select(c => c.Name).Distinct().Count() != containers.Count)
        {
            return "every container needs a name of its own";
        }
        if (task.DesiredStatus == AgentTask.Stopped)
        {
            return null;
        }
        if (containers.Count is 0 or > MaxContainers)
        {
            return $"a task has 1 to {MaxContainers} containers, not {containers.Count}";
        }
        if (containers.FirstOrDefault(c => c.Image is not { Length: > 0 }) is { } bare)
        {
            return $"container {bare.Name} has no image";
        }
        if ((task.Volumes ?? []).FirstOrDefault(v => v.Name is not { Length: > 0 }) is not null)
        {
            return "every volume needs a name";
        }
        return task.NetworkMode is null or "" or "bridge" or "host" or "none" or "awsvpc"
            ? null : $"unrecognized network mode '{task.NetworkMode}'";
    }
}
