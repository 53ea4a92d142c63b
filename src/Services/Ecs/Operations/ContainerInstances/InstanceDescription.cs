using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

/// <summary>A container instance and what is on it.</summary>
internal sealed record InstanceLook(ContainerInstanceDocument Instance, AssignmentDocument? Assignment, int Running, int Pending);

/// <summary>A container instance with what is on it, as all operations that return one show it.</summary>
internal static class InstanceDescription
{
    public static async ValueTask<ContainerInstance> OfAsync(
        EcsContext cx, string scope, ContainerInstanceDocument instance, IReadOnlyCollection<string>? include, CancellationToken stop) =>
        Of(cx, scope, await EcsMirror.ReadAsync(cx.Documents, scope, live => Look(live, instance), stop), include);

    public static InstanceLook Look(ClusterMirror live, ContainerInstanceDocument instance)
    {
        var assignment = live.Node(instance.Id)?.Assignment?.Value;
        var (running, pending) = (0, 0);
        foreach (var entry in assignment?.Entries ?? [])
        {
            if (live.Task(entry.TaskId) is { } task)
            {
                running += task.IsRunning ? 1 : 0;
                pending += Rules.TaskStatus.IsBefore(task.LastStatus, Rules.TaskStatus.Running) ? 1 : 0;
            }
        }
        return new InstanceLook(instance, assignment, running, pending);
    }

    public static ContainerInstance Of(EcsContext cx, string scope, InstanceLook look, IReadOnlyCollection<string>? include)
    {
        var seen = cx.Sessions.RuntimeSeenAt(Link.SessionRegistry.KeyOf(scope, look.Instance.Id));
        return Shapes.Instance(
            seen is null ? look.Instance : look.Instance with { RuntimeStatusUpdatedAt = seen }, look.Assignment, look.Running, look.Pending, include);
    }
}
