using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>A container instance with what is on it, as all operations that return one show it.</summary>
internal static class InstanceDescription
{
    public static async ValueTask<ContainerInstance> OfAsync(
        EcsContext cx, string scope, ContainerInstanceDocument instance, IReadOnlyCollection<string>? include, CancellationToken stop)
    {
        var assignment = await cx.Documents.GetAsync(EcsKinds.Assignment, scope, instance.Id, stop);
        int running = 0, pending = 0;
        foreach (var entry in assignment?.Value.Entries ?? [])
        {
            var task = await cx.Documents.GetAsync(EcsKinds.EcsTask, scope, entry.TaskId, stop);
            running += task?.Value.IsRunning is true ? 1 : 0;
            pending += task is not null && Rules.TaskStatus.IsBefore(task.Value.LastStatus, Rules.TaskStatus.Running) ? 1 : 0;
        }
        var seen = cx.Sessions.RuntimeSeenAt(Link.SessionRegistry.KeyOf(scope, instance.Id));
        return Shapes.Instance(
            seen is null ? instance : instance with { RuntimeStatusUpdatedAt = seen }, assignment?.Value, running, pending, include);
    }
}
