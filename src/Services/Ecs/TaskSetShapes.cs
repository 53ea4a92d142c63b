using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Services.Ecs;

/// <summary>Task sets, with their tasks counted, to the wire.</summary>
internal static class TaskSetShapes
{
    public static TaskSet Of(ServiceDocument service, TaskSetRecord set, string clusterArn, ServiceCounts counts, bool withTags)
    {
        var own = counts.Of(set.Id);
        var fargate = set.LaunchType == LaunchTypes.Fargate;
        return new TaskSet
        {
            Id = set.Id,
            TaskSetArn = service.Arn.Replace(":service/", ":task-set/", StringComparison.Ordinal) + "/" + set.Id,
            ServiceArn = service.Arn,
            ClusterArn = clusterArn,
            ExternalId = set.ExternalId,
            Status = set.Status,
            TaskDefinition = set.Deployment.TaskDefinitionArn,
            ComputedDesiredCount = TaskSetPlan.ComputedDesiredCount(service.DesiredCount, set.Scale),
            PendingCount = own.Pending,
            RunningCount = own.Running,
            CreatedAt = set.Deployment.CreatedAt,
            UpdatedAt = set.Deployment.UpdatedAt,
            LaunchType = set.Declared.CapacityProviderStrategy is { Count: > 0 } ? null : set.LaunchType,
            CapacityProviderStrategy = set.Declared.CapacityProviderStrategy,
            PlatformVersion = fargate ? set.PlatformVersion ?? LaunchTypes.FargatePlatform : null,
            PlatformFamily = fargate ? "Linux" : null,
            NetworkConfiguration = set.Declared.NetworkConfiguration,
            LoadBalancers = set.Declared.LoadBalancers ?? [],
            ServiceRegistries = set.Declared.ServiceRegistries ?? [],
            Scale = new Scale { Value = set.Scale, Unit = "PERCENT" },
            StabilityStatus = set.Steady ? "STEADY_STATE" : "STABILIZING",
            StabilityStatusAt = set.SteadyChangedAt,
            Tags = withTags ? Shapes.Tags(set.Tags) : null,
        };
    }
}
