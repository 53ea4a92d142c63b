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
        string[] ids = [.. references.Distinct(StringComparer.Ordinal).Select(r => EcsNames.Member(r, "container-instance", cluster.Name))];
        // All at one moment, and one turn at the live state instead of hundreds.
        var found = await EcsMirror.ReadAsync(cx.Documents, scope, live => Array.ConvertAll(ids, id =>
            live.Node(id)?.Instance.Value is { } instance ? InstanceDescription.Look(live, instance) : null), stop);
        return new DescribeContainerInstancesResponse
        {
            ContainerInstances = [.. found.OfType<InstanceLook>().Select(look => InstanceDescription.Of(cx, scope, look, request.Include ?? []))],
            Failures = [.. ids.Where((_, i) => found[i] is null).Select(id => Shapes.Missing(cx.Arn($"container-instance/{cluster.Name}/{id}")))],
        };
    }
}
