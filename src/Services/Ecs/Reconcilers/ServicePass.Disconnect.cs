using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>Nodes that go and come: which tasks count, which of two copies stays. The rest of the pass sees only tasks that count.</summary>
internal sealed partial class ServicePass
{
    /// <summary>Marked as lost or back in one pass: it bounds the commit.</summary>
    private const int MaximumMarked = 200;
    /// <summary>An agent that says nothing of its tasks when it comes back has had this long to report those that ended.</summary>
    public static readonly TimeSpan ShowLimit = TimeSpan.FromSeconds(10);

    private DisconnectDecision? _reunion;

    /// <summary>The tasks that count. Most passes find every node connected, and nothing to decide.</summary>
    private async ValueTask<List<TaskDocument>> PresentAsync(Commit commit, List<TaskDocument> live, CancellationToken stop)
    {
        var away = instances.Where(i => !i.AgentConnected && i.Status != ContainerInstanceDocument.Inactive).Select(i => i.Id)
            .ToHashSet(StringComparer.Ordinal);
        if (!live.Any(t => t.LostAt is not null || (away.Count > 0 && away.Contains(t.InstanceId))))
        {
            return live;
        }
        var cluster = await cloud.Documents.GetAsync(EcsKinds.Cluster, CallScope.Of(scope).DocumentScope, _service.ClusterName, stop);
        var policy = DisconnectPolicy.Of(_service.Tags, cluster?.Value.Tags ?? TagSet.Empty);
        var nodes = instances.ToDictionary(i => i.Id, StringComparer.Ordinal);
        var order = live.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id, StringComparer.Ordinal).Select((t, i) => (t.Id, i))
            .ToDictionary(StringComparer.Ordinal);
        _reunion = DisconnectPlan.Next(new DisconnectState
        {
            DesiredCount = _service.DesiredCount,
            MinimumHealthy = (int)(((long)_service.DesiredCount * _service.MinimumHealthyPercent + 99) / 100),
            PrimaryId = _service.Primary.Id,
            Reunion = policy.Reunion,
            Tasks = [.. live.Where(t => t.WantsRunning && !t.IsWaiting).Select(t => Seen(t, nodes.GetValueOrDefault(t.InstanceId), policy, order[t.Id]))],
        });
        if (_reunion.LookAgainIn is { } look)
        {
            LookAgainIn(look);
        }
        return await MarkAsync(commit, live, nodes, stop);
    }

    private DisconnectTask Seen(TaskDocument task, ContainerInstanceDocument? node, DisconnectPolicy policy, long order)
    {
        var connected = node is null or { AgentConnected: true };
        var presence = (task.LostAt, connected) switch
        {
            (null, true) => Presence.Here,
            (null, false) => Presence.Away,
            (_, false) => Presence.Lost,
            _ => Presence.Back,
        };
        return new DisconnectTask(
            task.Id, task.DeploymentId ?? "", task.IsHealthy, presence == Presence.Here && IsSettled(task),
            task.HasHealthCheck && task.HealthStatus == "UNHEALTHY", order, IsProtected(task), presence,
            presence == Presence.Away ? DueIn(node!, policy.For(task.LaunchType)) : null,
            presence == Presence.Back ? ShownFor(task, node) : null);
    }

    private TimeSpan? DueIn(ContainerInstanceDocument node, TimeSpan? limit)
    {
        if (limit is not { } allowed || (node.LostSince ?? node.ConnectivityChangedAt) is not { } since)
        {
            return null;
        }
        // After a start of the server, nodes that were away before it get a moment to come back, however long they were.
        var grace = since < serverStarted ? serverStarted + LinkReconciler.ReturnLimit - Now : TimeSpan.Zero;
        var left = since + allowed - Now;
        return left > grace ? left : grace;
    }

    // Our node says what it runs when it connects. Other agents only report what has changed: silence for a while is their word.
    private TimeSpan? ShownFor(TaskDocument task, ContainerInstanceDocument? node)
    {
        if (!task.IsRunning || node?.ConnectivityChangedAt is not { } connected)
        {
            return null;
        }
        var shown = task.ShownAt is { } told && told >= connected ? told : connected + ShowLimit;
        if (shown > Now)
        {
            LookAgainIn(shown - Now);
            return null;
        }
        return Now - shown;
    }

    private async ValueTask<List<TaskDocument>> MarkAsync(
        Commit commit, List<TaskDocument> live, Dictionary<string, ContainerInstanceDocument> nodes, CancellationToken stop)
    {
        var read = tasks.ToDictionary(t => t.Value.Id, StringComparer.Ordinal);
        var lose = _reunion!.Lose.Take(MaximumMarked).ToHashSet(StringComparer.Ordinal);
        var adopt = _reunion.Adopt.Take(MaximumMarked).ToHashSet(StringComparer.Ordinal);
        if (lose.Count < _reunion.Lose.Count || adopt.Count < _reunion.Adopt.Count)
        {
            LookAgainIn(TimeSpan.FromMilliseconds(50));
        }
        var leaving = _reunion.Stop.Select(s => s.TaskId).ToHashSet(StringComparer.Ordinal);
        foreach (var id in lose.Concat(adopt))
        {
            // The commit expects what the pass looked at; if this is newer already, it is refused.
            var whole = await cloud.Documents.GetAsync(EcsKinds.EcsTask, scope, id, stop);
            if (whole is null)
            {
                commit.Expect(read[id]);
                continue;
            }
            commit.Update(EcsKinds.EcsTask, read[id], whole.Value.WithLoss(lose.Contains(id) ? Now : null));
        }
        foreach (var group in lose.GroupBy(id => read[id].Value.InstanceId))
        {
            AddEvent($"has lost {group.Count()} tasks: (container-instance {group.Key}) is disconnected since "
                + $"{nodes[group.Key].LostSince ?? nodes[group.Key].ConnectivityChangedAt:yyyy-MM-ddTHH:mm:ssZ}. They are replaced: {Names(group)}.");
        }
        if (adopt.Count > 0)
        {
            AddEvent($"has {adopt.Count} tasks back whose container instance was disconnected: {Names(adopt)}.");
        }
        return [.. live.Where(t => !lose.Contains(t.Id) && !leaving.Contains(t.Id) && (t.LostAt is null || adopt.Contains(t.Id)))];
    }
}
