using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Declares a service. Its first deployment begins at once; the pass of its cluster starts the tasks.</summary>
internal static class CreateService
{
    public const int MaximumToken = 36;

    public static async ValueTask<CreateServiceResponse> HandleAsync(EcsContext cx, CreateServiceRequest request, CancellationToken stop)
    {
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var readCluster = await cx.ReadClusterAsync(request.Cluster, stop);
            var cluster = readCluster.Value;
            var scope = cx.ClusterScope(cluster.Name);
            var service = ServiceHistory.Recorded(await BuildAsync(cx, cluster, request, stop), cx.Now);
            var found = await cx.Documents.GetAsync(EcsKinds.Service, scope, service.Name, stop);
            if (found is not null && found.Value.Status != ServiceDocument.Inactive)
            {
                // As on AWS: what was asked before is answered again, with or without a token.
                if (found.Value is { Status: ServiceDocument.Active, CreationHash: { } hash } && hash == service.CreationHash)
                {
                    return new CreateServiceResponse { Service = await ServiceRules.ShapeAsync(cx, found.Value, withTags: true, stop) };
                }
                throw new InvalidParameterException(found.Value.Status == ServiceDocument.Draining
                    ? "Unable to Start a service that is still Draining."
                    : "Creation of service was not idempotent.");
            }
            var commit = found is null
                ? new Commit().Create(EcsKinds.Service, scope, service.Name, service)
                : new Commit().Update(EcsKinds.Service, found, service);
            if (service.Declared.CapacityProviderStrategy is not null)
            {
                // So that the cluster can't lose the providers between the check and the write.
                commit.Expect(readCluster);
            }
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new CreateServiceResponse { Service = ServiceShapes.Service(service, cluster.Arn, ServiceCounts.None, withTags: true) };
            }
        }
        throw EcsContext.Contended();
    }

    private static async ValueTask<ServiceDocument> BuildAsync(
        EcsContext cx, ClusterDocument cluster, CreateServiceRequest request, CancellationToken stop)
    {
        if (request.ServiceName is null || !EcsNames.Identifier().IsMatch(request.ServiceName))
        {
            throw new InvalidParameterException("Invalid service name.");
        }
        DisconnectPolicy.Check(Shapes.Tags(request.Tags));
        ClientTokens.CheckLength(request.ClientToken, MaximumToken);
        UnservedRules.Check(request);
        ServiceRules.CheckPropagation(request.PropagateTags);
        if (ExternalRules.IsExternal(request))
        {
            return External(cx, cluster, request);
        }
        if (string.IsNullOrEmpty(request.TaskDefinition))
        {
            throw new InvalidParameterException("TaskDefinition can not be blank.");
        }
        var daemon = DaemonRules.IsDaemon(request, cluster);
        var count = daemon ? 0 : request.DesiredCount ?? throw new InvalidParameterException("Desired count can not be blank.");
        ServiceRules.CheckCount(count);
        ServiceRules.CheckConfiguration(request.DeploymentConfiguration, daemon);
        var definition = await cx.ActiveTaskDefinitionAsync(request.TaskDefinition, stop);
        var choice = await StrategyRules.ChooseAsync(cx, cluster, request.LaunchType, request.CapacityProviderStrategy, stop);
        var launchType = choice.LaunchType;
        StrategyRules.Check(definition, choice, request.PlatformVersion);
        TaskChecks.Network(definition, request.NetworkConfiguration);
        var declared = Declared(request, choice.Strategy);
        ServiceRules.CheckPlacement(declared, definition, launchType);
        ServiceRules.CheckZones(declared, daemon);
        ServiceRules.CheckStrict(cx, declared, definition, choice);
        return New(cx, cluster, request, declared) with
        {
            DesiredCount = count,
            LaunchType = launchType,
            PlatformVersion = request.PlatformVersion,
            Deployments = [ServiceRules.NewDeployment(definition.Arn, cx.Now)],
        };
    }

    // It runs nothing until it gets a task set.
    private static ServiceDocument External(EcsContext cx, ClusterDocument cluster, CreateServiceRequest request)
    {
        ServiceRules.CheckCount(request.DesiredCount ?? 0);
        ServiceRules.CheckConfiguration(request.DeploymentConfiguration, daemon: false);
        PlacementRules.Check(request.PlacementConstraints?.Count ?? 0, request.PlacementStrategy ?? []);
        return New(cx, cluster, request, Declared(request, null)) with { DesiredCount = request.DesiredCount ?? 0 };
    }

    private static Service Declared(CreateServiceRequest request, List<CapacityProviderStrategyItem>? strategy) => new()
    {
        LoadBalancers = request.LoadBalancers,
        ServiceRegistries = request.ServiceRegistries,
        CapacityProviderStrategy = strategy,
        DeploymentConfiguration = request.DeploymentConfiguration,
        PlacementConstraints = request.PlacementConstraints,
        PlacementStrategy = request.PlacementStrategy,
        NetworkConfiguration = request.NetworkConfiguration,
        HealthCheckGracePeriodSeconds = request.HealthCheckGracePeriodSeconds,
        DeploymentController = request.DeploymentController,
        SchedulingStrategy = request.SchedulingStrategy,
        EnableECSManagedTags = request.EnableECSManagedTags,
        PropagateTags = request.PropagateTags,
        EnableExecuteCommand = request.EnableExecuteCommand,
        RoleArn = request.Role,
        AvailabilityZoneRebalancing = request.AvailabilityZoneRebalancing,
    };

    private static string HashOf(CreateServiceRequest request)
    {
        var bare = StoredShapes.Copy(request);
        bare.ClientToken = null;
        return ClientTokens.HashOf(bare);
    }

    private static ServiceDocument New(EcsContext cx, ClusterDocument cluster, CreateServiceRequest request, Service declared) => new()
    {
        Name = request.ServiceName!,
        Arn = cx.Arn($"service/{cluster.Name}/{request.ServiceName}"),
        ClusterName = cluster.Name,
        DesiredCount = 0,
        LaunchType = LaunchTypes.Ec2,
        CreatedAt = cx.Now,
        CreatedBy = cx.Call.Caller.Arn,
        Declared = declared,
        Deployments = [],
        Tags = Shapes.Tags(request.Tags),
        ClientToken = request.ClientToken,
        CreationHash = HashOf(request),
    };
}
