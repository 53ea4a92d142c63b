using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Runs tasks now or says why not. Only tasks of a capacity provider strategy wait for room, as PROVISIONING. Placed tasks are durable and
/// assigned to their nodes when it returns; the link pushes them within milliseconds.
/// </summary>
internal static class RunTask
{
    public const int MaximumCount = 10;
    /// <summary>More tasks than this do not wait in one cluster: the next ones are refused with the reason.</summary>
    public const int MaximumWaiting = 500;

    public static async ValueTask<RunTaskResponse> HandleAsync(EcsContext cx, RunTaskRequest request, CancellationToken stop)
    {
        var count = request.Count ?? 1;
        if (count is < 1 or > MaximumCount)
        {
            throw new InvalidParameterException("Count must be between 1 and 10.");
        }
        var readCluster = await cx.ReadClusterAsync(request.Cluster, stop);
        var cluster = readCluster.Value;
        var scope = cx.ClusterScope(cluster.Name);
        var template = await TemplateAsync(cx, cluster, request, stop);
        if (await ClientTokens.FindAsync(cx, scope, request.ClientToken, request, stop) is { } earlier)
        {
            return await RepeatAsync(cx, cluster, scope, earlier, stop);
        }
        _ = template.Request();
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            using var turn = await cx.Turns.TakeAsync(scope, attempt, stop);
            if (attempt > 0 && template.Capacity is not null)
            {
                // It may be the cluster that changed, and with it the providers that it offers.
                readCluster = await cx.ReadClusterAsync(cluster.Name, stop);
                template = await TemplateAsync(cx, cluster = readCluster.Value, request, stop);
            }
            var capacity = await ClusterCapacity.LoadAsync(cx.Documents, scope, stop);
            if (template.Capacity is null && template.LaunchType != LaunchTypes.Fargate && !capacity.Pool(template.LaunchType).Any())
            {
                throw new InvalidParameterException("No Container Instances were found in your cluster.");
            }
            var failures = Plan(cx, capacity, template, request, count, await WaitingRoomAsync(cx, scope, template, stop));
            var commit = new Commit();
            capacity.AddTo(commit);
            if (!commit.IsEmpty)
            {
                if (template.Capacity is not null)
                {
                    commit.Expect(readCluster);
                }
                ClientTokens.AddTo(cx, commit, scope, request.ClientToken, request, Tasks(capacity).Select(t => t.Id));
                var result = await cx.Documents.CommitAsync(commit, stop);
                if (!result.Committed)
                {
                    if (await ClientTokens.FindAsync(cx, scope, request.ClientToken, request, stop) is { } raced)
                    {
                        return await RepeatAsync(cx, cluster, scope, raced, stop);
                    }
                    continue;
                }
            }
            return new RunTaskResponse
            {
                Tasks = [.. Tasks(capacity).Select(t => Shapes.EcsTask(t, cluster.Arn, withTags: true))], Failures = failures,
            };
        }
        throw EcsContext.Contended();
    }

    private static IEnumerable<TaskDocument> Tasks(ClusterCapacity capacity) => capacity.Planned.Select(p => p.Task).Concat(capacity.Waiting);

    private static async ValueTask<int> WaitingRoomAsync(EcsContext cx, string scope, TaskTemplate template, CancellationToken stop) =>
        template.Capacity is null ? 0 : MaximumWaiting - (await cx.Documents.ListByIndexAsync(
            EcsKinds.EcsTask, scope, EcsKinds.Waiting, EcsKinds.Yes, stop, limit: MaximumWaiting)).Count;

    private static List<Failure> Plan(
        EcsContext cx, ClusterCapacity capacity, TaskTemplate template, RunTaskRequest request, int count, int waitingRoom)
    {
        var placer = new TaskPlacer(capacity, template, cx.Now);
        for (var i = 0; i < count; i++)
        {
            if (placer.PlaceNew(out var chosen).IsPlaced)
            {
                continue;
            }
            if (capacity.Waiting.Count >= waitingRoom)
            {
                return PlacementFailures.Of(capacity, chosen, chosen.Request());
            }
            placer.Wait(chosen, new WaitingRecord
            {
                Strategy = template.Declared ?? [],
                Overflow = template.Capacity?.Strategy.Overflow ?? false,
                Constraints = request.PlacementConstraints ?? [],
                Placement = request.PlacementStrategy ?? [],
            });
        }
        return [];
    }

    private static async ValueTask<TaskTemplate> TemplateAsync(
        EcsContext cx, ClusterDocument cluster, RunTaskRequest request, CancellationToken stop)
    {
        var definition = await cx.ActiveTaskDefinitionAsync(request.TaskDefinition, stop);
        var choice = await StrategyRules.ChooseAsync(cx, cluster, request.LaunchType, request.CapacityProviderStrategy, stop);
        StrategyRules.Check(definition, choice, request.PlatformVersion);
        UnservedRules.Volumes(request.VolumeConfigurations);
        if (cx.IsStrict)
        {
            AwsStrict.Capacity(
                definition, choice.LaunchType, choice.LaunchTypes, choice.Strategy, request.PlacementConstraints, request.PlacementStrategy);
        }
        TaskChecks.Request(definition, request.NetworkConfiguration, request.Overrides);
        return new TaskTemplate
        {
            Definition = definition,
            ClusterName = cluster.Name,
            LaunchType = choice.LaunchType,
            Declared = choice.Strategy,
            Capacity = choice.Strategy is null ? null : await TaskCapacity.LoadAsync(
                cx.Documents, cx.Scope, choice.Strategy, TaskCapacity.IsOverflow(Shapes.Tags(request.Tags), cluster.Tags), stop),
            PlatformVersion = request.PlatformVersion,
            Group = TaskChecks.Group(request.Group, definition),
            StartedBy = TaskChecks.StartedBy(request.StartedBy),
            Overrides = request.Overrides,
            Network = request.NetworkConfiguration?.AwsvpcConfiguration,
            EnableExecuteCommand = request.EnableExecuteCommand ?? false,
            Tags = TaskChecks.Tags(request.Tags, TaskChecks.Propagation(request.PropagateTags), definition,
                managed: request.EnableECSManagedTags is true ? cluster.Name : null),
            Constraints = request.PlacementConstraints ?? [],
            Strategy = request.PlacementStrategy ?? [],
        };
    }

    private static async ValueTask<RunTaskResponse> RepeatAsync(
        EcsContext cx, ClusterDocument cluster, string scope, IReadOnlyList<string> ids, CancellationToken stop)
    {
        var response = new RunTaskResponse { Tasks = [], Failures = [] };
        foreach (var id in ids)
        {
            if (await cx.Documents.GetAsync(EcsKinds.EcsTask, scope, id, stop) is { } task)
            {
                response.Tasks.Add(Shapes.EcsTask(task.Value, cluster.Arn, withTags: true));
            }
        }
        return response;
    }
}

/// <summary>Why a task found no place, one reason for each instance, as AWS lists them.</summary>
internal static class PlacementFailures
{
    public static List<Failure> Of(ClusterCapacity capacity, TaskTemplate template, Scheduling.PlacementRequest request)
    {
        if (template.LaunchType == LaunchTypes.Fargate)
        {
            return
            [
                new Failure
                {
                    Reason = "Capacity is unavailable at this time. Please try again later or in a different availability zone",
                },
            ];
        }
        return
        [
            .. capacity.Pool(template.LaunchType, template.CapacityProvider).Select(i => new Failure
            {
                Arn = i.Arn,
                Reason = !i.AgentConnected ? "AGENT"
                    : i.Status != ContainerInstanceDocument.Active ? "INACTIVE"
                    : capacity.RefusalOf(i.Id, request) ?? "RESOURCE:INSTANCE",
            }),
        ];
    }
}
