using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
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
        foreach (var reference in references.Distinct(StringComparer.Ordinal))
        {
            if (await ServiceRules.FindAsync(cx, cluster.Name, reference, stop) is { } found)
            {
                response.Services.Add(await ServiceRules.ShapeAsync(cx, found.Value, withTags, stop));
            }
            else
            {
                var name = EcsNames.Member(reference, "service", cluster.Name);
                response.Failures.Add(Shapes.Missing(cx.Arn($"service/{cluster.Name}/{name}")));
            }
        }
        return response;
    }
}
