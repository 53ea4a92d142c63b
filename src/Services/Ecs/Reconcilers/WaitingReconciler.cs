using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>
/// Gives places to tasks of RunTask that wait for capacity, the oldest first, when their cluster changes, and gives them up when they have
/// waited too long. Services place their own. One shard for each cluster.
/// </summary>
internal sealed class WaitingReconciler(Cloud cloud, Turns turns) : Reconciler
{
    /// <summary>AWS gives up after 10 to 30 minutes.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(30);
    public const string GivenUp = "TaskFailedToStart: EMPTY CAPACITY PROVIDER";
    /// <summary>Looked at in one pass, and so at most placed in one commit.</summary>
    public const int MaximumTasks = 50;
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    public override string Name => "ecs.waiting";

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == EcsKinds.EcsTask.Name || change.Key.Kind == EcsKinds.Instance.Name || change.Key.Kind == EcsKinds.Assignment.Name
            ? change.Key.Scope : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        [.. (await cloud.Documents.ListAllAsync(EcsKinds.Cluster, stop)).Where(c => c.Value.IsActive).Select(c => $"{c.Key.Scope}/{c.Key.Name}")];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        if (await EcsMirror.ReadAsync(cloud.Documents, shard, cluster => cluster.Waiting, stop) == 0)
        {
            return null;
        }
        var waiting = (await cloud.Documents.ListByIndexAsync(EcsKinds.EcsTask, shard, EcsKinds.Waiting, EcsKinds.Yes, stop))
            .Where(t => t.Value.ServiceName is null).OrderBy(t => t.Value.CreatedAt).ThenBy(t => t.Key.Name, StringComparer.Ordinal).ToList();
        if (waiting.Count == 0)
        {
            return null;
        }
        var now = cloud.Clock.GetUtcNow();
        foreach (var task in waiting.Where(t => now - t.Value.CreatedAt >= LongestWait))
        {
            await TaskChange.ApplyAsync(cloud.Documents, turns, shard, task.Value.Id,
                t => t.IsWaiting ? t.WithStopped(StopCodes.FailedToStart, GivenUp, now) : t, stop);
        }
        waiting.RemoveAll(t => now - t.Value.CreatedAt >= LongestWait);
        if (waiting.Count == 0)
        {
            return null;
        }
        var capacity = await ClusterCapacity.LoadAsync(cloud.Documents, shard, stop);
        foreach (var task in waiting.Take(MaximumTasks))
        {
            if (await TemplateAsync(shard, task.Value, stop) is { } template)
            {
                new TaskPlacer(capacity, template, now).PlaceWaiting(task, out _);
            }
        }
        var commit = new Commit();
        capacity.AddTo(commit);
        if (!commit.IsEmpty && !(await cloud.Documents.CommitAsync(commit, stop)).Committed)
        {
            return Soon;
        }
        return waiting[0].Value.CreatedAt + LongestWait - now;
    }

    private async ValueTask<TaskTemplate?> TemplateAsync(string scope, TaskDocument task, CancellationToken stop)
    {
        var accountScope = CallScope.Of(scope).DocumentScope;
        var definition = await DefinitionCache.GetAsync(cloud.Documents, accountScope, task.Family, task.Revision, stop);
        if (definition is null || task.Waiting is not { } record)
        {
            return null;
        }
        return new TaskTemplate
        {
            Definition = definition.Value,
            ClusterName = task.ClusterName,
            LaunchType = task.LaunchType,
            Capacity = await TaskCapacity.LoadAsync(cloud.Documents, accountScope, record.Strategy, record.Overflow, stop),
            PlatformVersion = task.PlatformVersion,
            Group = task.Group ?? "family:" + task.Family,
            Overrides = task.Overrides,
            Constraints = record.Constraints,
            Strategy = record.Placement,
        };
    }
}
