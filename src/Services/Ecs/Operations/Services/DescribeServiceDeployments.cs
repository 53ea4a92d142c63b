using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeServiceDeployments
{
    public const int MaximumArns = 20;

    public static async ValueTask<DescribeServiceDeploymentsResponse> HandleAsync(
        EcsContext cx, DescribeServiceDeploymentsRequest request, CancellationToken stop)
    {
        if (request.ServiceDeploymentArns is not { Count: >= 1 and <= MaximumArns } arns)
        {
            throw new InvalidParameterException("Service deployment ARNs can not be empty and have at most 20 items.");
        }
        // Reading a service's tasks is reading its cluster's: once, however many of its deployments are asked for.
        var live = new Dictionary<string, IReadOnlyList<TaskDocument>>(StringComparer.Ordinal);
        var response = new DescribeServiceDeploymentsResponse { ServiceDeployments = [], Failures = [] };
        foreach (var arn in arns.Distinct(StringComparer.Ordinal))
        {
            if (await RolloutShapes.FindAsync(cx, arn, RolloutShapes.DeploymentResource, stop) is not (var service, var record))
            {
                response.Failures.Add(Shapes.Missing(arn));
                continue;
            }
            if (!live.TryGetValue(service.Value.Arn, out var tasks))
            {
                live[service.Value.Arn] = tasks = await ServiceRules.LiveAsync(cx, service.Value, stop);
            }
            response.ServiceDeployments.Add(RolloutShapes.Deployment(cx, service.Value, record, tasks));
        }
        return response;
    }
}
