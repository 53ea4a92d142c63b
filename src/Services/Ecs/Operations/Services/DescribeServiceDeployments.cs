using Longspan.Api.Ecs;
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
        var response = new DescribeServiceDeploymentsResponse { ServiceDeployments = [], Failures = [] };
        foreach (var arn in arns.Distinct(StringComparer.Ordinal))
        {
            if (await RolloutShapes.FindAsync(cx, arn, RolloutShapes.DeploymentResource, stop) is not (var service, var record))
            {
                response.Failures.Add(Shapes.Missing(arn));
                continue;
            }
            var live = await ServiceRules.LiveAsync(cx, service.Value, stop);
            response.ServiceDeployments.Add(RolloutShapes.Deployment(cx, service.Value, record, live));
        }
        return response;
    }
}
