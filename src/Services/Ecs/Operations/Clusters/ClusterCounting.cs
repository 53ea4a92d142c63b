using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Counts what runs in a cluster.</summary>
internal static class ClusterCounting
{
    public static async ValueTask<ClusterCounts> CountAsync(EcsContext cx, string cluster, CancellationToken stop)
    {
        var scope = cx.ClusterScope(cluster);
        var instances = await cx.Documents.ListAsync(EcsKinds.Instance, scope, stop);
        var live = await cx.Documents.ListByIndexAsync(EcsKinds.EcsTask, scope, EcsKinds.ByStatus, Rules.TaskStatus.Running, stop);
        var services = await cx.Documents.ListAsync(EcsKinds.Service, scope, stop);
        return ClusterCounts.Of(
            instances.Count(i => i.Value.Status != ContainerInstanceDocument.Inactive),
            live.Select(t => t.Value), services.Select(s => s.Value));
    }
}
