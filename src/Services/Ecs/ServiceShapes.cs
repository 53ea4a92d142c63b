using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs;

/// <summary>Service documents, with their tasks counted, to the wire.</summary>
internal static class ServiceShapes
{
    public static Service Service(
        ServiceDocument service, string clusterArn, ServiceCounts counts, bool withTags)
    {
        // What a primary task set specifies is shown as the service's own.
        var shown = service.PrimaryTaskSet is { } primary ? TaskSetView.Of(service, primary) : service;
        var declared = shown.Declared;
        var inactive = service.Status == ServiceDocument.Inactive;
        return new Service
        {
            ServiceArn = service.Arn,
            ServiceName = service.Name,
            ClusterArn = clusterArn,
            Status = service.Status,
            DesiredCount = service.DesiredCount,
            RunningCount = counts.All.Running,
            PendingCount = counts.All.Pending,
            LaunchType = declared.CapacityProviderStrategy is { Count: > 0 } || shown.Deployments.Count == 0 ? null : shown.LaunchType,
            CapacityProviderStrategy = declared.CapacityProviderStrategy,
            PlatformVersion = shown.LaunchType == LaunchTypes.Fargate ? shown.PlatformVersion ?? "LATEST" : null,
            PlatformFamily = shown.LaunchType == LaunchTypes.Fargate ? "Linux" : null,
            TaskDefinition = shown.Deployments.Count == 0 ? null : shown.Primary.TaskDefinitionArn,
            TaskSets = service.HasTaskSets
                ? [.. service.TaskSets.Select(s => TaskSetShapes.Of(service, s, clusterArn, counts, withTags: false))] : null,
            DeploymentConfiguration = Configuration(service),
            Deployments = inactive ? [] : [.. service.Deployments.Select((d, i) => Deployment(service, d, i == 0, counts))],
            Events = [.. service.Events.Select(e => new ServiceEvent { Id = e.Id, CreatedAt = e.CreatedAt, Message = e.Message })],
            CurrentServiceDeployment = service.History.Count > 0 && !inactive
                ? RolloutArn(service, "service-deployment", service.History[0].Id) : null,
            CurrentServiceRevisions = inactive || service.HasTaskSets ? null
                : [.. service.Deployments.Select(d => Revision(service, d, counts)).OfType<ServiceCurrentRevisionSummary>()],
            CreatedAt = service.CreatedAt,
            CreatedBy = service.CreatedBy,
            LoadBalancers = declared.LoadBalancers ?? [],
            ServiceRegistries = declared.ServiceRegistries ?? [],
            RoleArn = declared.RoleArn,
            PlacementConstraints = declared.PlacementConstraints ?? [],
            PlacementStrategy = declared.PlacementStrategy ?? [],
            NetworkConfiguration = declared.NetworkConfiguration,
            HealthCheckGracePeriodSeconds = declared.HealthCheckGracePeriodSeconds,
            SchedulingStrategy = declared.SchedulingStrategy ?? ServiceDocument.ReplicaStrategy,
            DeploymentController = declared.DeploymentController ?? new DeploymentController { Type = "ECS" },
            Tags = withTags ? Shapes.Tags(service.Tags) : null,
            EnableECSManagedTags = declared.EnableECSManagedTags ?? false,
            PropagateTags = declared.PropagateTags ?? "NONE",
            EnableExecuteCommand = declared.EnableExecuteCommand ?? false,
            AvailabilityZoneRebalancing = declared.AvailabilityZoneRebalancing ?? "DISABLED",
        };
    }

    private static string RolloutArn(ServiceDocument service, string resource, string id) =>
        service.Arn.Replace(":service/", $":{resource}/", StringComparison.Ordinal) + "/" + id;

    private static ServiceCurrentRevisionSummary? Revision(ServiceDocument service, DeploymentRecord deployment, ServiceCounts counts)
    {
        var id = deployment.RollbackTo ?? service.History.FirstOrDefault(h => h.DeploymentId == deployment.Id)?.Id;
        var own = counts.Of(deployment.Id);
        return id is null ? null : new ServiceCurrentRevisionSummary
        {
            Arn = RolloutArn(service, "service-revision", id),
            RequestedTaskCount = deployment == service.Primary ? service.DesiredCount : own.Wanted,
            RunningTaskCount = own.Running,
            PendingTaskCount = own.Pending,
        };
    }

    // A lost task may run on; it is shown by itself, as DISCONNECTED, and its replacement counts.
    public static bool IsRunning(TaskDocument task) => task.IsRunning && task.WantsRunning && task.LostAt is null;

    public static bool IsPending(TaskDocument task) =>
        task.WantsRunning && Rules.TaskStatus.IsBefore(task.LastStatus, Rules.TaskStatus.Running);

    public static DeploymentConfiguration Configuration(ServiceDocument service)
    {
        var given = service.Declared.DeploymentConfiguration;
        return new DeploymentConfiguration
        {
            DeploymentCircuitBreaker = given?.DeploymentCircuitBreaker ?? new DeploymentCircuitBreaker { Enable = false, Rollback = false },
            MaximumPercent = service.MaximumPercent,
            MinimumHealthyPercent = service.MinimumHealthyPercent,
            Alarms = given?.Alarms,
            Strategy = given?.Strategy ?? "ROLLING",
            BakeTimeInMinutes = given?.BakeTimeInMinutes ?? 0,
            LifecycleHooks = given?.LifecycleHooks,
        };
    }

    private static Deployment Deployment(ServiceDocument service, DeploymentRecord deployment, bool primary, ServiceCounts counts)
    {
        var own = counts.Of(deployment.Id);
        return new Deployment
        {
            Id = deployment.Id,
            Status = deployment.Status,
            TaskDefinition = deployment.TaskDefinitionArn,
            DesiredCount = primary ? service.DesiredCount : own.Wanted,
            PendingCount = own.Pending,
            RunningCount = own.Running,
            FailedTasks = deployment.FailedTasks,
            CreatedAt = deployment.CreatedAt,
            UpdatedAt = deployment.UpdatedAt,
            LaunchType = service.Declared.CapacityProviderStrategy is { Count: > 0 } ? null : service.LaunchType,
            CapacityProviderStrategy = service.Declared.CapacityProviderStrategy,
            PlatformVersion = service.LaunchType == LaunchTypes.Fargate ? LaunchTypes.FargatePlatform : null,
            PlatformFamily = service.LaunchType == LaunchTypes.Fargate ? "Linux" : null,
            NetworkConfiguration = service.Declared.NetworkConfiguration,
            RolloutState = deployment.RolloutState,
            RolloutStateReason = deployment.RolloutStateReason,
        };
    }
}
