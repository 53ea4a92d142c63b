using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Operations;
using Longspan.Services.Ecs.Reconcilers;
using Longspan.Services.Ecs.Rules;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs;

/// <summary>The table of contents of ECS: operations, passes, and the agent link's two websockets.</summary>
public sealed class EcsModule : ServiceModule<EcsContext>, IDisposable
{
    private readonly Cloud _cloud;
    private readonly SessionRegistry _sessions = new();
    private readonly Turns _turns = new();
    private readonly LinkEndpoints _link;
    private readonly ServerPresence _presence;

    /// <param name="alarms">Who knows the alarms that a rollout may name; nobody for now.</param>
    public EcsModule(Cloud cloud, ILoggerFactory logs, AlarmLookup? alarms = null)
        : base(EcsOperations.Service)
    {
        ArgumentNullException.ThrowIfNull(logs);
        _cloud = cloud;
        _presence = new ServerPresence(cloud);
        _link = new LinkEndpoints(cloud, _sessions, _turns, _presence, logs.CreateLogger<EcsModule>());
        Reconcilers =
        [
            new ServiceReconciler(cloud, _turns, _presence.StartedAt, alarms), new WaitingReconciler(cloud, _turns),
            new LinkReconciler(cloud, _sessions, _presence), new RetentionReconciler(cloud),
        ];
        MapClusters();
        MapCapacityProviders();
        MapTaskDefinitions();
        MapServices();
        MapTaskSets();
        MapTasks();
        MapContainerInstances();
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    protected override EcsContext NewContext(CallContext call) => new(call, _sessions, _turns);

    public override void MapEndpoints(IEndpointRouteBuilder routes, RequestAuthenticator authenticate, FrameAuthenticator frames) =>
        _link.Map(routes, authenticate, frames);

    public override ValueTask StopAsync() => _link.EndAsync();

    public override ValueTask ResetAsync(CancellationToken stop)
    {
        _sessions.EndAll("The server was reset.");
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        _link.Dispose();
        _presence.Dispose();
    }

    /// <summary>Whether an offline session of a task counts now: what <see cref="AccessKeys.Offline"/> asks.</summary>
    public async ValueTask<bool> AcceptsAsync(SessionClaims session, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (session.Offline is not { } bound || _cloud.Settings.AwsStrict || !Arn.TryParse(bound.TaskArn, out var arn)
            || arn.Resource.Split('/') is not [_, var clusterName, var taskId])
        {
            return false;
        }
        var account = new CallScope(arn.AccountId, arn.Region);
        var scope = $"{account.DocumentScope}/{clusterName}";
        var (instance, task) = await EcsMirror.ReadAsync(
            _cloud.Documents, scope, c => (c.Node(bound.InstanceId)?.Instance.Value, c.Task(taskId)), stop);
        var cluster = await _cloud.Documents.GetAsync(EcsKinds.Cluster, account.DocumentScope, clusterName, stop);
        return _sessions.IsConnected(SessionRegistry.KeyOf(scope, bound.InstanceId))
            && OfflineCredentials.IsAccepted(session, cluster?.Value, instance, task, _cloud.Clock.GetUtcNow());
    }

    private void MapClusters()
    {
        Map(EcsOperations.CreateCluster, CreateCluster.HandleAsync, (cx, r, _) => ValueTask.FromResult(EcsAccess.CreateCluster(cx, r)));
        Map(EcsOperations.DeleteAccountSetting, DeleteAccountSetting.HandleAsync, (_, r, _) => ValueTask.FromResult(EcsAccess.Setting("ecs:DeleteAccountSetting", r.Name)));
        Map(EcsOperations.DeleteCluster, DeleteCluster.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:DeleteCluster", r.Cluster, stop)]);
        Map(EcsOperations.DescribeClusters, DescribeClusters.HandleAsync, EcsAccess.DescribeClustersAsync);
        Map(EcsOperations.ListAccountSettings, ListAccountSettings.HandleAsync, (_, _) => "*");
        Map(EcsOperations.ListClusters, ListClusters.HandleAsync, (_, _) => "*");
        Map(EcsOperations.ListTagsForResource, ListTagsForResource.HandleAsync, async (cx, r, stop) => [await EcsAccess.TaggedAsync(cx, "ecs:ListTagsForResource", r.ResourceArn, stop)]);
        Map(EcsOperations.PutAccountSetting, PutAccountSetting.HandleAsync, (_, r, _) => ValueTask.FromResult(EcsAccess.Setting("ecs:PutAccountSetting", r.Name)));
        Map(EcsOperations.PutAccountSettingDefault, PutAccountSettingDefault.HandleAsync, (_, r, _) => ValueTask.FromResult(EcsAccess.Setting("ecs:PutAccountSettingDefault", r.Name)));
        Map(EcsOperations.TagResource, TagResource.HandleAsync,
            async (cx, r, stop) => [await EcsAccess.TaggedAsync(cx, "ecs:TagResource", r.ResourceArn, stop) with { RequestTags = EcsAccess.Tags(r.Tags) }]);
        Map(EcsOperations.UntagResource, UntagResource.HandleAsync,
            async (cx, r, stop) => [(await EcsAccess.TaggedAsync(cx, "ecs:UntagResource", r.ResourceArn, stop)).With(AccessRules.TagKeys(r.TagKeys))]);
        Map(EcsOperations.UpdateCluster, UpdateCluster.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:UpdateCluster", r.Cluster, stop)]);
        Map(EcsOperations.UpdateClusterSettings, UpdateClusterSettings.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:UpdateClusterSettings", r.Cluster, stop)]);
    }

    private void MapCapacityProviders()
    {
        Map(EcsOperations.CreateCapacityProvider, CreateCapacityProvider.HandleAsync, (cx, r, _) => ValueTask.FromResult(EcsAccess.CreateProvider(cx, r)));
        Map(EcsOperations.DeleteCapacityProvider, DeleteCapacityProvider.HandleAsync, async (cx, r, stop) => [await EcsAccess.ProviderAsync(cx, "ecs:DeleteCapacityProvider", r.CapacityProvider, stop)]);
        Map(EcsOperations.DescribeCapacityProviders, DescribeCapacityProviders.HandleAsync, EcsAccess.ProvidersAsync);
        Map(EcsOperations.PutClusterCapacityProviders, PutClusterCapacityProviders.HandleAsync, EcsAccess.ProvidersOfClusterAsync);
        Map(EcsOperations.UpdateCapacityProvider, UpdateCapacityProvider.HandleAsync, async (cx, r, stop) => [await EcsAccess.ProviderAsync(cx, "ecs:UpdateCapacityProvider", r.Name, stop)]);
    }

    private void MapTaskDefinitions()
    {
        Map(EcsOperations.DeleteTaskDefinitions, DeleteTaskDefinitions.HandleAsync, EcsAccess.DefinitionsAsync);
        Map(EcsOperations.DeregisterTaskDefinition, DeregisterTaskDefinition.HandleAsync, (_, _) => "*");
        Map(EcsOperations.DescribeTaskDefinition, DescribeTaskDefinition.HandleAsync, (_, _) => "*");
        Map(EcsOperations.ListTaskDefinitionFamilies, ListTaskDefinitionFamilies.HandleAsync, (_, _) => "*");
        Map(EcsOperations.ListTaskDefinitions, ListTaskDefinitions.HandleAsync, (_, _) => "*");
        Map(EcsOperations.RegisterTaskDefinition, RegisterTaskDefinition.HandleAsync, (cx, r, _) => ValueTask.FromResult(EcsAccess.Register(cx, r)));
    }

    private void MapServices()
    {
        Map(EcsOperations.ContinueServiceDeployment, ContinueServiceDeployment.HandleAsync, (cx, r, _) => AccessRules.Demand(EcsAccess.Rollout(cx, "ecs:ContinueServiceDeployment", r.ServiceDeploymentArn)));
        Map(EcsOperations.CreateService, CreateService.HandleAsync, EcsAccess.CreateServiceAsync);
        Map(EcsOperations.DeleteService, DeleteService.HandleAsync, async (cx, r, stop) => [await EcsAccess.ServiceAsync(cx, "ecs:DeleteService", r.Cluster, r.Service, stop)]);
        Map(EcsOperations.DescribeServiceDeployments, DescribeServiceDeployments.HandleAsync, (cx, r, _) => EcsAccess.RolloutsAsync(cx, "ecs:DescribeServiceDeployments", r.ServiceDeploymentArns));
        Map(EcsOperations.DescribeServiceRevisions, DescribeServiceRevisions.HandleAsync, (cx, r, _) => EcsAccess.RolloutsAsync(cx, "ecs:DescribeServiceRevisions", r.ServiceRevisionArns));
        Map(EcsOperations.DescribeServices, DescribeServices.HandleAsync, (cx, r, stop) => EcsAccess.ServicesAsync(cx, "ecs:DescribeServices", r.Cluster, r.Services, stop));
        Map(EcsOperations.ListServiceDeployments, ListServiceDeployments.HandleAsync, async (cx, r, stop) => [await EcsAccess.ServiceAsync(cx, "ecs:ListServiceDeployments", r.Cluster, r.Service, stop)]);
        Map(EcsOperations.ListServices, ListServices.HandleAsync, (cx, r, _) => AccessRules.Demand(EcsAccess.InCluster(cx, "ecs:ListServices", r.Cluster)));
        Map(EcsOperations.ListServicesByNamespace, ListServicesByNamespace.HandleAsync, (_, _) => "*");
        Map(EcsOperations.StopServiceDeployment, StopServiceDeployment.HandleAsync, (cx, r, _) => AccessRules.Demand(EcsAccess.Rollout(cx, "ecs:StopServiceDeployment", r.ServiceDeploymentArn)));
        Map(EcsOperations.UpdateService, UpdateService.HandleAsync, EcsAccess.UpdateServiceAsync);
    }

    private void MapTaskSets()
    {
        Map(EcsOperations.CreateTaskSet, CreateTaskSet.HandleAsync, (cx, r, _) => ValueTask.FromResult(EcsAccess.CreateSet(cx, r)));
        Map(EcsOperations.DeleteTaskSet, DeleteTaskSet.HandleAsync, (cx, r, _) => AccessRules.Demand(EcsAccess.Set(cx, "ecs:DeleteTaskSet", r.Cluster, r.Service, r.TaskSet)));
        Map(EcsOperations.DescribeTaskSets, DescribeTaskSets.HandleAsync, (cx, r, _) => EcsAccess.SetsAsync(cx, r));
        Map(EcsOperations.UpdateServicePrimaryTaskSet, UpdateServicePrimaryTaskSet.HandleAsync, async (cx, r, stop) => [await EcsAccess.ServiceAsync(cx, "ecs:UpdateServicePrimaryTaskSet", r.Cluster, r.Service, stop)]);
        Map(EcsOperations.UpdateTaskSet, UpdateTaskSet.HandleAsync, (cx, r, _) => AccessRules.Demand(EcsAccess.Set(cx, "ecs:UpdateTaskSet", r.Cluster, r.Service, r.TaskSet)));
    }

    private void MapTasks()
    {
        Map(EcsOperations.DescribeTasks, DescribeTasks.HandleAsync, (cx, r, stop) => EcsAccess.EcsTasksAsync(cx, "ecs:DescribeTasks", r.Cluster, r.Tasks, stop));
        Map(EcsOperations.ExecuteCommand, ExecuteCommand.HandleAsync, EcsAccess.ExecuteAsync);
        Map(EcsOperations.GetTaskProtection, GetTaskProtection.HandleAsync, (cx, r, stop) => EcsAccess.EcsTasksAsync(cx, "ecs:GetTaskProtection", r.Cluster, r.Tasks, stop));
        Map(EcsOperations.ListTasks, ListTasks.HandleAsync, EcsAccess.ListTasksAsync);
        Map(EcsOperations.RunTask, RunTask.HandleAsync, EcsAccess.RunAsync);
        Map(EcsOperations.StartTask, StartTask.HandleAsync, EcsAccess.StartAsync);
        Map(EcsOperations.StopTask, StopTask.HandleAsync, async (cx, r, stop) => [await EcsAccess.EcsTaskAsync(cx, "ecs:StopTask", r.Cluster, r.Task, stop)]);
        Map(EcsOperations.SubmitAttachmentStateChanges, SubmitAttachmentStateChanges.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:SubmitAttachmentStateChanges", r.Cluster, stop)]);
        Map(EcsOperations.SubmitContainerStateChange, SubmitContainerStateChange.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:SubmitContainerStateChange", r.Cluster, stop)]);
        Map(EcsOperations.SubmitTaskStateChange, SubmitTaskStateChange.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:SubmitTaskStateChange", r.Cluster, stop)]);
        Map(EcsOperations.UpdateTaskProtection, UpdateTaskProtection.HandleAsync, (cx, r, stop) => EcsAccess.EcsTasksAsync(cx, "ecs:UpdateTaskProtection", r.Cluster, r.Tasks, stop));
    }

    private void MapContainerInstances()
    {
        Map(EcsOperations.DeleteAttributes, DeleteAttributes.HandleAsync, (cx, r, stop) => EcsAccess.AttributesAsync(cx, "ecs:DeleteAttributes", r.Cluster, r.Attributes, stop));
        Map(EcsOperations.DeregisterContainerInstance, DeregisterContainerInstance.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:DeregisterContainerInstance", r.Cluster, stop)]);
        Map(EcsOperations.DescribeContainerInstances, DescribeContainerInstances.HandleAsync, (cx, r, stop) => EcsAccess.InstancesAsync(cx, "ecs:DescribeContainerInstances", r.Cluster, r.ContainerInstances, stop));
        Map(EcsOperations.DiscoverPollEndpoint, DiscoverPollEndpoint.HandleAsync, (_, _) => "*");
        Map(EcsOperations.ListAttributes, ListAttributes.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:ListAttributes", r.Cluster, stop)]);
        Map(EcsOperations.ListContainerInstances, ListContainerInstances.HandleAsync, async (cx, r, stop) => [await EcsAccess.ClusterAsync(cx, "ecs:ListContainerInstances", r.Cluster, stop)]);
        Map(EcsOperations.PutAttributes, PutAttributes.HandleAsync, (cx, r, stop) => EcsAccess.AttributesAsync(cx, "ecs:PutAttributes", r.Cluster, r.Attributes, stop));
        Map(EcsOperations.RegisterContainerInstance, RegisterContainerInstance.HandleAsync, EcsAccess.RegisterInstanceAsync);
        Map(EcsOperations.UpdateContainerAgent, UpdateContainerAgent.HandleAsync, async (cx, r, stop) => [await EcsAccess.InstanceAsync(cx, "ecs:UpdateContainerAgent", r.Cluster, r.ContainerInstance, stop)]);
        Map(EcsOperations.UpdateContainerInstancesState, UpdateContainerInstancesState.HandleAsync, (cx, r, stop) => EcsAccess.InstancesAsync(cx, "ecs:UpdateContainerInstancesState", r.Cluster, r.ContainerInstances, stop));
    }
}
