using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeClusters
{
    public const int MaximumClusters = 100;

    public static async ValueTask<DescribeClustersResponse> HandleAsync(EcsContext cx, DescribeClustersRequest request, CancellationToken stop)
    {
        var references = request.Clusters is { Count: > 0 } given ? given : [ClusterDocument.DefaultName];
        if (references.Count > MaximumClusters)
        {
            throw new InvalidParameterException("Clusters can have at most 100 items.");
        }
        var response = new DescribeClustersResponse { Clusters = [], Failures = [] };
        foreach (var reference in references.Distinct(StringComparer.Ordinal))
        {
            var name = EcsNames.Cluster(reference);
            var found = await cx.Documents.GetAsync(EcsKinds.Cluster, cx.Scope, name, stop);
            if (found is null)
            {
                response.Failures.Add(Shapes.Missing(EcsNames.ClusterArn(cx.Call, name)));
                continue;
            }
            var counts = found.Value.IsActive ? await ClusterCounting.CountAsync(cx, name, stop) : ClusterCounts.None;
            response.Clusters.Add(Shapes.Cluster(found.Value, counts, request.Include ?? []));
        }
        return response;
    }
}
