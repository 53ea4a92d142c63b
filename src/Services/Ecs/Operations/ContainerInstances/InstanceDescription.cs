using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

/// <summary>A container instance with what is on it, as all operations that return one show it.</summary>
internal static class InstanceDescription
{
    public static async ValueTask<ContainerInstance> OfAsync(
        EcsContext cx, string scope, ContainerInstanceDocument instance, IReadOnlyCollection<string>? include, CancellationToken stop)
    {
        var (assignment, tasks) = await EcsMirror.ReadAsync(cx.Documents, scope, cluster =>
        {
            var kept = cluster.Node(instance.Id)?.Assignment?.Value;
            return (kept, kept?.Entries.Select(e => cluster.Task(e.TaskId)).OfType<TaskDocument>().ToArray() ?? []);
        }, stop);
        var seen = cx.Sessions.RuntimeSeenAt(Link.SessionRegistry.KeyOf(scope, instance.Id));
        return Shapes.Instance(
            seen is null ? instance : instance with { RuntimeStatusUpdatedAt = seen }, assignment, tasks.Count(t => t.IsRunning),
            tasks.Count(t => Rules.TaskStatus.IsBefore(t.LastStatus, Rules.TaskStatus.Running)), include);
    }
}
