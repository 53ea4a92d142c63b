using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Operations;
using Longspan.Services.Ecs.Reconcilers;
using Longspan.Services.Ecs.Rules;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs;

/// <summary>The table of contents of ECS: operations, passes, and the agent link's two websockets.</summary>
public sealed class EcsModule : ServiceModule<EcsContext>, IDisposable
{
    private readonly SessionRegistry _sessions = new();
    private readonly Turns _turns = new();
    private readonly LinkEndpoints _link;
    private readonly ServerPresence _presence;

    /// <param name="alarms">Who knows the alarms that a rollout may name; nobody for now.</param>
    public EcsModule(Cloud cloud, ILoggerFactory logs, AlarmLookup? alarms = null)
        : base(EcsOperations.Service)
    {
        ArgumentNullException.ThrowIfNull(logs);
        _link = new LinkEndpoints(cloud, _sessions, _turns, logs.CreateLogger<EcsModule>());
        _presence = new ServerPresence(cloud);
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

    private void MapClusters()
    {
        Map(EcsOperations.CreateCluster, CreateCluster.HandleAsync);
        Map(EcsOperations.DeleteAccountSetting, DeleteAccountSetting.HandleAsync);
        Map(EcsOperations.DeleteCluster, DeleteCluster.HandleAsync);
        Map(EcsOperations.DescribeClusters, DescribeClusters.HandleAsync);
        Map(EcsOperations.ListAccountSettings, ListAccountSettings.HandleAsync);
        Map(EcsOperations.ListClusters, ListClusters.HandleAsync);
        Map(EcsOperations.ListTagsForResource, ListTagsForResource.HandleAsync);
        Map(EcsOperations.PutAccountSetting, PutAccountSetting.HandleAsync);
        Map(EcsOperations.PutAccountSettingDefault, PutAccountSettingDefault.HandleAsync);
        Map(EcsOperations.TagResource, TagResource.HandleAsync);
        Map(EcsOperations.UntagResource, UntagResource.HandleAsync);
        Map(EcsOperations.UpdateCluster, UpdateCluster.HandleAsync);
        Map(EcsOperations.UpdateClusterSettings, UpdateClusterSettings.HandleAsync);
    }

    private void MapCapacityProviders()
    {
        Map(EcsOperations.CreateCapacityProvider, CreateCapacityProvider.HandleAsync);
        Map(EcsOperations.DeleteCapacityProvider, DeleteCapacityProvider.HandleAsync);
        Map(EcsOperations.DescribeCapacityProviders, DescribeCapacityProviders.HandleAsync);
        Map(EcsOperations.PutClusterCapacityProviders, PutClusterCapacityProviders.HandleAsync);
        Map(EcsOperations.UpdateCapacityProvider, UpdateCapacityProvider.HandleAsync);
    }

    private void MapTaskDefinitions()
    {
        Map(EcsOperations.DeleteTaskDefinitions, DeleteTaskDefinitions.HandleAsync);
        Map(EcsOperations.DeregisterTaskDefinition, DeregisterTaskDefinition.HandleAsync);
        Map(EcsOperations.DescribeTaskDefinition, DescribeTaskDefinition.HandleAsync);
        Map(EcsOperations.ListTaskDefinitionFamilies, ListTaskDefinitionFamilies.HandleAsync);
        Map(EcsOperations.ListTaskDefinitions, ListTaskDefinitions.HandleAsync);
        Map(EcsOperations.RegisterTaskDefinition, RegisterTaskDefinition.HandleAsync);
    }

    private void MapServices()
    {
        Map(EcsOperations.ContinueServiceDeployment, ContinueServiceDeployment.HandleAsync);
        Map(EcsOperations.CreateService, CreateService.HandleAsync);
        Map(EcsOperations.DeleteService, DeleteService.HandleAsync);
        Map(EcsOperations.DescribeServiceDeployments, DescribeServiceDeployments.HandleAsync);
        Map(EcsOperations.DescribeServiceRevisions, DescribeServiceRevisions.HandleAsync);
        Map(EcsOperations.DescribeServices, DescribeServices.HandleAsync);
        Map(EcsOperations.ListServiceDeployments, ListServiceDeployments.HandleAsync);
        Map(EcsOperations.ListServices, ListServices.HandleAsync);
        Map(EcsOperations.ListServicesByNamespace, ListServicesByNamespace.HandleAsync);
        Map(EcsOperations.StopServiceDeployment, StopServiceDeployment.HandleAsync);
        Map(EcsOperations.UpdateService, UpdateService.HandleAsync);
    }

    private void MapTaskSets()
    {
        Map(EcsOperations.CreateTaskSet, CreateTaskSet.HandleAsync);
        Map(EcsOperations.DeleteTaskSet, DeleteTaskSet.HandleAsync);
        Map(EcsOperations.DescribeTaskSets, DescribeTaskSets.HandleAsync);
        Map(EcsOperations.UpdateServicePrimaryTaskSet, UpdateServicePrimaryTaskSet.HandleAsync);
        Map(EcsOperations.UpdateTaskSet, UpdateTaskSet.HandleAsync);
    }

    private void MapTasks()
    {
        Map(EcsOperations.DescribeTasks, DescribeTasks.HandleAsync);
        Map(EcsOperations.ExecuteCommand, ExecuteCommand.HandleAsync);
        Map(EcsOperations.GetTaskProtection, GetTaskProtection.HandleAsync);
        Map(EcsOperations.ListTasks, ListTasks.HandleAsync);
        Map(EcsOperations.RunTask, RunTask.HandleAsync);
        Map(EcsOperations.StartTask, StartTask.HandleAsync);
        Map(EcsOperations.StopTask, StopTask.HandleAsync);
        Map(EcsOperations.SubmitAttachmentStateChanges, SubmitAttachmentStateChanges.HandleAsync);
        Map(EcsOperations.SubmitContainerStateChange, SubmitContainerStateChange.HandleAsync);
        Map(EcsOperations.SubmitTaskStateChange, SubmitTaskStateChange.HandleAsync);
        Map(EcsOperations.UpdateTaskProtection, UpdateTaskProtection.HandleAsync);
    }

    private void MapContainerInstances()
    {
        Map(EcsOperations.DeleteAttributes, DeleteAttributes.HandleAsync);
        Map(EcsOperations.DeregisterContainerInstance, DeregisterContainerInstance.HandleAsync);
        Map(EcsOperations.DescribeContainerInstances, DescribeContainerInstances.HandleAsync);
        Map(EcsOperations.DiscoverPollEndpoint, DiscoverPollEndpoint.HandleAsync);
        Map(EcsOperations.ListAttributes, ListAttributes.HandleAsync);
        Map(EcsOperations.ListContainerInstances, ListContainerInstances.HandleAsync);
        Map(EcsOperations.PutAttributes, PutAttributes.HandleAsync);
        Map(EcsOperations.RegisterContainerInstance, RegisterContainerInstance.HandleAsync);
        Map(EcsOperations.UpdateContainerAgent, UpdateContainerAgent.HandleAsync);
        Map(EcsOperations.UpdateContainerInstancesState, UpdateContainerInstancesState.HandleAsync);
    }
}
