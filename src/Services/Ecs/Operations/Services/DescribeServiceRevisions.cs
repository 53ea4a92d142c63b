using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeServiceRevisions
{
    public static async ValueTask<DescribeServiceRevisionsResponse> HandleAsync(
        EcsContext cx, DescribeServiceRevisionsRequest request, CancellationToken stop)
    {
        if (request.ServiceRevisionArns is not { Count: >= 1 and <= DescribeServiceDeployments.MaximumArns } arns)
        {
            throw new InvalidParameterException("Service revision ARNs can not be empty and have at most 20 items.");
        }
        var response = new DescribeServiceRevisionsResponse { ServiceRevisions = [], Failures = [] };
        foreach (var arn in arns.Distinct(StringComparer.Ordinal))
        {
            if (await RolloutShapes.FindAsync(cx, arn, RolloutShapes.RevisionResource, stop) is not (var service, var record))
            {
                response.Failures.Add(Shapes.Missing(arn));
                continue;
            }
            var definition = await cx.FindTaskDefinitionAsync(record.TaskDefinitionArn, stop);
            response.ServiceRevisions.Add(Revision(cx, arn, service.Value, record, definition?.Value));
        }
        return response;
    }

    private static ServiceRevision Revision(
        EcsContext cx, string arn, ServiceDocument service, RolloutRecord record, TaskDefinitionDocument? definition) => new()
        {
            ServiceRevisionArn = arn,
            ServiceArn = service.Arn,
            ClusterArn = EcsNames.ClusterArn(cx.Call, service.ClusterName),
            TaskDefinition = record.TaskDefinitionArn,
            CapacityProviderStrategy = record.Declared.CapacityProviderStrategy,
            LaunchType = record.Declared.CapacityProviderStrategy is { Count: > 0 } ? null : record.LaunchType,
            PlatformVersion = record.PlatformVersion,
            LoadBalancers = record.Declared.LoadBalancers,
            ServiceRegistries = record.Declared.ServiceRegistries,
            NetworkConfiguration = record.Declared.NetworkConfiguration,
            ContainerImages = definition is null
                ? null : [.. definition.Containers.Select(c => new ContainerImage
                {
                    ContainerName = c.Name, Image = c.Image,
                    ImageDigest = service.Deployments.FirstOrDefault(d => d.Id == record.DeploymentId)?.ImageDigests.GetValueOrDefault(c.Name!),
                })],
            GuardDutyEnabled = false,
            CreatedAt = record.CreatedAt,
        };
}
