using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeContainerInstances
{
    public const int MaximumInstances = 100;

    public static async ValueTask<DescribeContainerInstancesResponse> HandleAsync(
        EcsContext cx, DescribeContainerInstancesRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        if (request.ContainerInstances is not { Count: >= 1 and <= MaximumInstances } references)
        {
            throw new InvalidParameterException("Container instances can not be empty and have at most 100 items.");
        }
        var scope = cx.ClusterScope(cluster.Name);
        var response = new DescribeContainerInstancesResponse { ContainerInstances = [], Failures = [] };
        foreach (var reference in references.Distinct(StringComparer.Ordinal))
        {
            var id = EcsNames.Member(reference, "container-instance", cluster.Name);
            if (await EcsMirror.ReadAsync(cx.Documents, scope, c => c.Node(id)?.Instance.Value, stop) is { } found)
            {
                response.ContainerInstances.Add(await InstanceDescription.OfAsync(cx, scope, found, request.Include ?? [], stop));
            }
            else
            {
                response.Failures.Add(Shapes.Missing(cx.Arn($"container-instance/{cluster.Name}/{id}")));
            }
        }
        return response;
    }
}
