using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListClusters
{
    public static async ValueTask<ListClustersResponse> HandleAsync(EcsContext cx, ListClustersRequest request, CancellationToken stop)
    {
        var (page, next) = await Paging.ReadAsync(
            (after, limit) => cx.Documents.ListAsync(EcsKinds.Cluster, cx.Scope, stop, afterName: after, limit: limit),
            cluster => cluster.IsActive, request.MaxResults, request.NextToken);
        return new ListClustersResponse { ClusterArns = [.. page.Select(c => c.Value.Arn)], NextToken = next };
    }
}
