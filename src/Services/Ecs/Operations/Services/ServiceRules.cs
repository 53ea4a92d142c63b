using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>What the service operations share: finding one, counting its tasks, checking its settings, starting a rollout.</summary>
internal static class ServiceRules
{
    public const int MaximumDesiredCount = 5000;

    public static async ValueTask<Document<ServiceDocument>?> FindAsync(EcsContext cx, string cluster, string? reference, CancellationToken stop) =>
        await cx.Documents.GetAsync(EcsKinds.Service, cx.ClusterScope(cluster), EcsNames.Member(reference, "service", cluster), stop);

    public static ValueTask<ServiceCounts> CountAsync(EcsContext cx, ServiceDocument service, CancellationToken stop) =>
        EcsMirror.ReadAsync(cx.Documents, cx.ClusterScope(service.ClusterName),
            cluster => cluster.Services.GetValueOrDefault(service.Name)?.Counts.Copy() ?? ServiceCounts.None, stop);

    /// <summary>The service's tasks that have not stopped.</summary>
    public static async ValueTask<IReadOnlyList<TaskDocument>> LiveAsync(EcsContext cx, ServiceDocument service, CancellationToken stop)
    {
        var open = await EcsMirror.ReadAsync(cx.Documents, cx.ClusterScope(service.ClusterName),
            cluster => cluster.Services.GetValueOrDefault(service.Name)?.Tasks.ToArray() ?? [], stop);
        return [.. open.Select(t => t.Value).Where(t => !t.IsStopped)];
    }

    public static async ValueTask<Service> ShapeAsync(EcsContext cx, ServiceDocument service, bool withTags, CancellationToken stop) =>
        ServiceShapes.Service(service, EcsNames.ClusterArn(cx.Call, service.ClusterName), await CountAsync(cx, service, stop), withTags);

    public static DeploymentRecord NewDeployment(string taskDefinitionArn, DateTimeOffset now)
    {
        var id = "ecs-svc/" + Kernel.Ids.Digits(19);
        return new DeploymentRecord
        {
            Id = id, TaskDefinitionArn = taskDefinitionArn, CreatedAt = now, UpdatedAt = now,
            RolloutStateReason = $"ECS deployment {id} in progress.",
        };
    }

    /// <summary>
    /// Starts the rollback of the primary deployment. It brings back what a service revision holds; the count, the percentages, placement
    /// and tags are the service's and stay as they are.
    /// </summary>
    public static ServiceDocument WithRollback(ServiceDocument service, RolloutRecord former, string cause, DateTimeOffset now)
    {
        var declared = StoredShapes.Copy(service.Declared);
        declared.CapacityProviderStrategy = former.Declared.CapacityProviderStrategy;
        declared.NetworkConfiguration = former.Declared.NetworkConfiguration;
        declared.LoadBalancers = former.Declared.LoadBalancers;
        declared.ServiceRegistries = former.Declared.ServiceRegistries;
        var restored = service with { LaunchType = former.LaunchType, PlatformVersion = former.PlatformVersion, Declared = declared };
        return restored.WithNewDeployment(NewDeployment(former.TaskDefinitionArn, now) with
        {
            RolloutStateReason = $"{cause}: rolling back to deploymentId {former.DeploymentId}.",
            RollbackOf = service.Primary.Id,
            RollbackTo = former.Id,
        });
    }

    public static void CheckCount(int count)
    {
        if (count is < 0 or > MaximumDesiredCount)
        {
            throw new InvalidParameterException($"Desired count must be between 0 and {MaximumDesiredCount}.");
        }
    }

    public static void CheckPropagation(string? propagateTags)
    {
        if (propagateTags is not (null or "NONE" or "SERVICE" or "TASK_DEFINITION"))
        {
            throw new InvalidParameterException($"Invalid propagateTags: {propagateTags}. The valid values are TASK_DEFINITION, SERVICE and NONE.");
        }
    }

    public static void CheckZones(Service declared, bool daemon) =>
        ZoneRules.Check(declared, daemon, declared.DeploymentConfiguration?.MaximumPercent ?? (daemon ? 100 : 200));

    /// <summary>The rules of <c>--aws-strict</c> for a service as it is to be.</summary>
    public static void CheckStrict(EcsContext cx, Service declared, TaskDefinitionDocument definition, CapacityChoice choice)
    {
        if (cx.IsStrict)
        {
            AwsStrict.Capacity(
                definition, choice.LaunchType, choice.LaunchTypes, choice.Strategy, declared.PlacementConstraints, declared.PlacementStrategy);
            AwsStrict.Endpoints(choice.LaunchType, declared.LoadBalancers, declared.ServiceRegistries);
            AwsStrict.Zones(choice.LaunchType, declared.AvailabilityZoneRebalancing);
            AwsStrict.GracePeriod(declared.HealthCheckGracePeriodSeconds, declared.LoadBalancers);
        }
    }

    public static void CheckConfiguration(DeploymentConfiguration? configuration, bool daemon)
    {
        if (configuration is null)
        {
            return;
        }
        var minimum = configuration.MinimumHealthyPercent ?? (daemon ? 0 : 100);
        var maximum = configuration.MaximumPercent ?? (daemon ? 100 : 200);
        if (daemon && maximum > 100)
        {
            throw new InvalidParameterException(
                "The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment configuration. "
                + "Change the maximumPercent value to 100, and try again");
        }
        if (minimum is < 0 or > 100)
        {
            throw new InvalidParameterException("minimumHealthyPercent must be between 0 and 100.");
        }
        if (maximum is < 100 or > 200)
        {
            throw new InvalidParameterException("maximumPercent must be between 100 and 200.");
        }
        if (minimum == 100 && maximum == 100)
        {
            throw new InvalidParameterException("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.");
        }
    }

    /// <summary>Refuses placement that the scheduler would not understand before it is kept.</summary>
    public static void CheckPlacement(Service declared, TaskDefinitionDocument definition, string launchType) => _ = new TaskTemplate
    {
        Definition = definition, ClusterName = "", LaunchType = launchType, Group = "",
        Constraints = declared.PlacementConstraints ?? [], Strategy = declared.PlacementStrategy ?? [],
    }.Request();
}
