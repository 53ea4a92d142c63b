using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Services.Ecs.Operations;

internal static class ListContainerInstances
{
    public static async ValueTask<ListContainerInstancesResponse> HandleAsync(
        EcsContext cx, ListContainerInstancesRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        ConstraintExpression? filter = null;
        if (!string.IsNullOrWhiteSpace(request.Filter) && !ConstraintExpression.TryParse(request.Filter, out filter))
        {
            throw new InvalidParameterException("Invalid filter expression.");
        }
        var (page, next) = await Paging.ReadAsync(
            (after, limit) => cx.Documents.ListAsync(EcsKinds.Instance, scope, stop, afterName: after, limit: limit),
            instance => (request.Status is null ? instance.Status != ContainerInstanceDocument.Inactive : instance.Status == request.Status)
                && (filter is null || filter.Matches(
                    instance.Attributes.DistinctBy(a => a.Name).ToDictionary(a => a.Name, a => a.Value ?? "", StringComparer.Ordinal))),
            request.MaxResults, request.NextToken);
        return new ListContainerInstancesResponse { ContainerInstanceArns = [.. page.Select(i => i.Value.Arn)], NextToken = next };
    }
}
