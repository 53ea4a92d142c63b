using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeServices
{
    public const int MaximumServices = 10;

    public static async ValueTask<DescribeServicesResponse> HandleAsync(
        EcsContext cx, DescribeServicesRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        if (request.Services is not { Count: >= 1 and <= MaximumServices } references)
        {
            throw new InvalidParameterException("Services can not be empty and have at most 10 items.");
        }
        var response = new DescribeServicesResponse { Services = [], Failures = [] };
        var withTags = request.Include?.Contains("TAGS") is true;
        var scope = cx.ClusterScope(cluster.Name);
        foreach (var reference in references.Distinct(StringComparer.Ordinal))
        {
            var name = EcsNames.Member(reference, "service", cluster.Name);
            var (service, counts) = await EcsMirror.ReadAsync(cx.Documents, scope,
                c => c.Services.TryGetValue(name, out var state) ? (state.Document?.Value, state.Counts.Copy()) : default, stop);
            if (service is not null)
            {
                response.Services.Add(ServiceShapes.Service(service, cluster.Arn, counts, withTags));
            }
            else
            {
                response.Failures.Add(Shapes.Missing(cx.Arn($"service/{cluster.Name}/{name}")));
            }
        }
        return response;
    }
}
