using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Adds a version to a service whose rollouts somebody else controls. It begins with no tasks, unless a scale is given.</summary>
internal static class CreateTaskSet
{
    public static async ValueTask<CreateTaskSetResponse> HandleAsync(EcsContext cx, CreateTaskSetRequest request, CancellationToken stop)
    {
        var cluster = await cx.ReadClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Value.Name);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await TaskSetRules.ServiceAsync(cx, cluster.Value, request.Service, stop);
            if (await ClientTokens.FindAsync(cx, scope, request.ClientToken, request, stop) is { } earlier)
            {
                var made = found.Value.TaskSets.FirstOrDefault(s => s.Id == earlier[0])
                    ?? throw new InvalidParameterException("The client token belongs to a task set that has been deleted.");
                return new CreateTaskSetResponse
                {
                    TaskSet = TaskSetShapes.Of(found.Value, made, cluster.Value.Arn, await ServiceRules.CountAsync(cx, found.Value, stop), withTags: true),
                };
            }
            var set = await BuildAsync(cx, cluster.Value, found.Value, request, stop);
            var next = found.Value with { TaskSets = [set, .. found.Value.TaskSets] };
            var commit = new Commit().Update(EcsKinds.Service, found, next);
            if (set.Declared.CapacityProviderStrategy is not null)
            {
                commit.Expect(cluster);
            }
            ClientTokens.AddTo(cx, commit, scope, request.ClientToken, request, [set.Id]);
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new CreateTaskSetResponse { TaskSet = TaskSetShapes.Of(next, set, cluster.Value.Arn, ServiceCounts.None, withTags: true) };
            }
            cluster = await cx.ReadClusterAsync(request.Cluster, stop);
        }
        throw EcsContext.Contended();
    }

    private static async ValueTask<TaskSetRecord> BuildAsync(
        EcsContext cx, ClusterDocument cluster, ServiceDocument service, CreateTaskSetRequest request, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(request.TaskDefinition))
        {
            throw new InvalidParameterException("TaskDefinition can not be blank.");
        }
        if (service.TaskSets.Count >= TaskSetRules.MaximumTaskSets)
        {
            throw new InvalidParameterException($"A service can have at most {TaskSetRules.MaximumTaskSets} task sets. Delete one and try again.");
        }
        var definition = await cx.ActiveTaskDefinitionAsync(request.TaskDefinition, stop);
        var choice = await StrategyRules.ChooseAsync(cx, cluster, request.LaunchType, request.CapacityProviderStrategy, stop);
        StrategyRules.Check(definition, choice, request.PlatformVersion);
        TaskChecks.Network(definition, request.NetworkConfiguration);
        ServiceRules.CheckPlacement(service.Declared, definition, choice.LaunchType);
        var set = new TaskSetRecord
        {
            Deployment = ServiceRules.NewDeployment(definition.Arn, cx.Now),
            ExternalId = request.ExternalId,
            LaunchType = choice.LaunchType,
            PlatformVersion = request.PlatformVersion,
            Scale = TaskSetRules.ScaleOf(request.Scale),
            Declared = new TaskSet
            {
                CapacityProviderStrategy = choice.Strategy,
                NetworkConfiguration = request.NetworkConfiguration,
                LoadBalancers = request.LoadBalancers,
                ServiceRegistries = request.ServiceRegistries,
            },
            Tags = Shapes.Tags(request.Tags),
            SteadyChangedAt = cx.Now,
        };
        ServiceRules.CheckStrict(cx, TaskSetView.Of(service, set).Declared, definition, choice);
        return set;
    }
}
