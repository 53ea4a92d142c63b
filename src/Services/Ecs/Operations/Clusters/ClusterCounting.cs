using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Counts what runs in a cluster.</summary>
internal static class ClusterCounting
{
    public static ValueTask<ClusterCounts> CountAsync(EcsContext cx, string name, CancellationToken stop) =>
        EcsMirror.ReadAsync(cx.Documents, cx.ClusterScope(name), cluster => ClusterCounts.Of(
            cluster.Instances.Count(i => i.Status != ContainerInstanceDocument.Inactive),
            cluster.ByLaunchType, cluster.Services.Values.Select(s => s.Document?.Value).OfType<ServiceDocument>()), stop);
}
