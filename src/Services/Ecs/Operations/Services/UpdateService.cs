using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Changes a service. Another task definition, network or platform, or <c>forceNewDeployment</c>, starts a rollout; a new count or other
/// percentages only change what the rollout in progress aims at.
/// </summary>
internal static class UpdateService
{
    public static async ValueTask<UpdateServiceResponse> HandleAsync(EcsContext cx, UpdateServiceRequest request, CancellationToken stop)
    {
        if (request.DesiredCount is { } count)
        {
            ServiceRules.CheckCount(count);
        }
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var readCluster = await cx.ReadClusterAsync(request.Cluster, stop);
            var cluster = readCluster.Value;
            var found = await ServiceRules.FindAsync(cx, cluster.Name, request.Service, stop);
            if (found is null)
            {
                throw new ServiceNotFoundException("Service not found.");
            }
            if (found.Value.Status != ServiceDocument.Active)
            {
                throw new ServiceNotActiveException("Service was not ACTIVE.");
            }
            var updated = ServiceHistory.Recorded(await ChangedAsync(cx, cluster, found.Value, request, stop), cx.Now);
            var commit = new Commit().Update(EcsKinds.Service, found, updated);
            if (request.CapacityProviderStrategy is { Count: > 0 })
            {
                commit.Expect(readCluster);
            }
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new UpdateServiceResponse { Service = await ServiceRules.ShapeAsync(cx, updated, withTags: true, stop) };
            }
        }
        throw EcsContext.Contended();
    }

    private static async ValueTask<ServiceDocument> ChangedAsync(
        EcsContext cx, ClusterDocument cluster, ServiceDocument service, UpdateServiceRequest request, CancellationToken stop)
    {
        UnservedRules.Check(request);
        ServiceRules.CheckPropagation(request.PropagateTags);
        ServiceRules.CheckConfiguration(request.DeploymentConfiguration, service.IsDaemon);
        if (request.DeploymentController?.Type is { } type && type != (service.Declared.DeploymentController?.Type ?? "ECS"))
        {
            throw new UnsupportedFeatureException("The deployment controller of a service can't be changed.");
        }
        if (service.HasTaskSets)
        {
            return External(service, request, cx.Now);
        }
        DaemonRules.Check(service, request);
        var choice = await ChoiceAsync(cx, cluster, service, request, stop);
        var declared = Merged(service.Declared, choice, request);
        var definition = string.IsNullOrEmpty(request.TaskDefinition)
            ? (await cx.FindTaskDefinitionAsync(service.Primary.TaskDefinitionArn, stop))?.Value
            : await cx.ActiveTaskDefinitionAsync(request.TaskDefinition, stop);
        if (definition is not null)
        {
            StrategyRules.Check(definition, choice, request.PlatformVersion);
            TaskChecks.Network(definition, declared.NetworkConfiguration);
            ServiceRules.CheckPlacement(declared, definition, choice.LaunchType);
            ServiceRules.CheckStrict(cx, declared, definition, choice);
        }
        ServiceRules.CheckZones(declared, service.IsDaemon);
        var updated = service with
        {
            DesiredCount = request.DesiredCount ?? service.DesiredCount,
            LaunchType = choice.LaunchType,
            PlatformVersion = request.PlatformVersion ?? service.PlatformVersion,
            Declared = declared,
        };
        var rollsOut = request.ForceNewDeployment is true || request.NetworkConfiguration is not null
            || request.LoadBalancers is not null || request.ServiceRegistries is not null
            || (request.PlatformVersion is not null && request.PlatformVersion != service.PlatformVersion)
            || (definition is not null && definition.Arn != service.Primary.TaskDefinitionArn);
        return rollsOut
            ? updated.WithNewDeployment(ServiceRules.NewDeployment(definition?.Arn ?? service.Primary.TaskDefinitionArn, cx.Now)) : updated;
    }

    // Its task sets hold the rest. A new count changes what each of them aims at.
    private static ServiceDocument External(ServiceDocument service, UpdateServiceRequest request, DateTimeOffset now)
    {
        ExternalRules.Check(request);
        PlacementRules.Check(request.PlacementConstraints?.Count ?? 0, request.PlacementStrategy ?? []);
        var count = request.DesiredCount ?? service.DesiredCount;
        return service with
        {
            DesiredCount = count,
            Declared = Merged(service.Declared, new CapacityChoice(service.LaunchType, null, []), request),
            TaskSets = count == service.DesiredCount ? service.TaskSets : [.. service.TaskSets.Select(s => s.Rescaled(now))],
        };
    }

    // An empty strategy takes the strategy away: the launch type that the service then has is that of its capacity until now.
    private static async ValueTask<CapacityChoice> ChoiceAsync(
        EcsContext cx, ClusterDocument cluster, ServiceDocument service, UpdateServiceRequest request, CancellationToken stop)
    {
        var kept = service.Declared.CapacityProviderStrategy;
        var asked = request.CapacityProviderStrategy;
        if (asked is null ? kept is not { Count: > 0 } : asked.Count == 0 && kept is not { Count: > 0 })
        {
            return new CapacityChoice(service.LaunchType, null, [service.LaunchType]);
        }
        var choice = asked is { Count: 0 }
            ? new CapacityChoice(service.LaunchType, null, [service.LaunchType])
            : await StrategyRules.ChooseAsync(cx, cluster, null, asked ?? kept, stop);
        if (asked is not null && !StrategyRules.Same(choice.Strategy, kept) && request.ForceNewDeployment is not true)
        {
            throw new InvalidParameterException(
                "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity "
                + "provider strategy on a service that is already using one, you must force a new deployment.");
        }
        return choice;
    }

    private static Service Merged(Service kept, CapacityChoice choice, UpdateServiceRequest request)
    {
        var next = StoredShapes.Copy(kept);
        next.CapacityProviderStrategy = choice.Strategy;
        next.LoadBalancers = request.LoadBalancers ?? kept.LoadBalancers;
        next.ServiceRegistries = request.ServiceRegistries ?? kept.ServiceRegistries;
        next.PlacementConstraints = request.PlacementConstraints ?? kept.PlacementConstraints;
        next.PlacementStrategy = request.PlacementStrategy ?? kept.PlacementStrategy;
        next.NetworkConfiguration = request.NetworkConfiguration ?? kept.NetworkConfiguration;
        next.HealthCheckGracePeriodSeconds = request.HealthCheckGracePeriodSeconds ?? kept.HealthCheckGracePeriodSeconds;
        next.EnableECSManagedTags = request.EnableECSManagedTags ?? kept.EnableECSManagedTags;
        next.PropagateTags = request.PropagateTags ?? kept.PropagateTags;
        next.EnableExecuteCommand = request.EnableExecuteCommand ?? kept.EnableExecuteCommand;
        next.AvailabilityZoneRebalancing = request.AvailabilityZoneRebalancing ?? kept.AvailabilityZoneRebalancing;
        if (request.DeploymentConfiguration is { } given)
        {
            var configuration = next.DeploymentConfiguration ??= new DeploymentConfiguration();
            configuration.DeploymentCircuitBreaker = given.DeploymentCircuitBreaker ?? configuration.DeploymentCircuitBreaker;
            configuration.MaximumPercent = given.MaximumPercent ?? configuration.MaximumPercent;
            configuration.MinimumHealthyPercent = given.MinimumHealthyPercent ?? configuration.MinimumHealthyPercent;
            configuration.Alarms = given.Alarms ?? configuration.Alarms;
            configuration.Strategy = given.Strategy ?? configuration.Strategy;
            configuration.BakeTimeInMinutes = given.BakeTimeInMinutes ?? configuration.BakeTimeInMinutes;
        }
        return next;
    }
}
