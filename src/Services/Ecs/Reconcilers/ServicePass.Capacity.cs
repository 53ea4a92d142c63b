using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>Where a service's tasks go: by its capacity provider strategy if it has one, with tasks that wait and tasks that move back.</summary>
internal sealed partial class ServicePass
{
    private TaskCapacity? _strategy;
    // The task that is being moved back to preferred capacity.
    private string? _moving;
    // What goes on starting tasks after the first commit, while all of them find a place.
    private ServiceStarts? _starts;

    // Tasks that wait for a deployment that is over, or that are more than are missing.
    private static IEnumerable<(string TaskId, string Reason)> NeedlessWaits(RolloutState state, IReadOnlyList<TaskDocument> live)
    {
        var waiting = live.Where(t => t.IsWaiting && t.WantsRunning).OrderBy(t => t.CreatedAt).ThenBy(t => t.Id, StringComparer.Ordinal).ToList();
        var missing = state.DesiredCount - state.Tasks.Count(t => t.DeploymentId == state.PrimaryId && !t.Unhealthy);
        return waiting.Where(t => t.DeploymentId != state.PrimaryId).Select(t => (t.Id, DeploymentPlan.Replaced))
            .Concat(waiting.Where(t => t.DeploymentId == state.PrimaryId).Skip(Math.Max(0, missing)).Select(t => (t.Id, DeploymentPlan.ScaledIn)));
    }

    private async ValueTask<ClusterCapacity?> PlaceAsync(int count, IReadOnlyList<TaskDocument> live, CancellationToken stop)
    {
        if (await TemplateAsync(stop) is not (var template, _))
        {
            return null;
        }
        var capacity = await ClusterCapacity.LoadAsync(cloud.Documents, scope, stop);
        var starts = new ServiceStarts(capacity, template, Now, Shares(live));
        var waiting = tasks.Where(t => t.Value.IsWaiting && t.Value.WantsRunning && t.Value.DeploymentId == _service.Primary.Id).ToList();
        var allPlaced = StartAll(starts, count, waiting, capacity);
        _starts = allPlaced && waiting.Count == 0 ? starts : null;
        return capacity;
    }

    // What one commit has no room for. To rank thousands of nodes again for each would cost more than to place the tasks. The commits expect
    // what the ones before them wrote, so whatever anybody else changes meanwhile ends it. False when that has happened.
    private async ValueTask<bool> PlaceRestAsync(int missing, ClusterCapacity capacity, CancellationToken stop)
    {
        for (var commits = 1; _starts is not null && missing > 0 && commits < MaximumCommits; commits++)
        {
            capacity.Committed(_committed);
            _view = new TaskSetView(_read.Value, taskSetId);
            var commit = new Commit();
            if (!StartAll(_starts, Math.Min(missing, RoomIn(commit)), [], capacity))
            {
                _starts = null;
            }
            missing -= capacity.Planned.Count;
            AddStarted(capacity);
            capacity.AddTo(commit);
            if (!await CommitAsync(commit, stop))
            {
                return false;
            }
        }
        return true;
    }

    // Whether all have found a place; an event says why the first one that did not has none.
    private bool StartAll(ServiceStarts starts, int count, IReadOnlyList<Document<TaskDocument>> waiting, ClusterCapacity capacity)
    {
        if (starts.Start(count, waiting) is not { } refusal)
        {
            return true;
        }
        _wantsCapacity = true;
        AddEvent(ServiceStarts.Explain(capacity, refusal.Template, refusal.Place));
        return false;
    }

    private void AddStarted(ClusterCapacity? capacity)
    {
        if (capacity is { Planned.Count: > 0 })
        {
            AddEvent($"has started {capacity.Planned.Count} tasks: {Names(capacity.Planned.Select(p => p.Task.Id))}.");
        }
    }

    // Gentle rebalancing: while the service is at rest, one task after the other that is on later capacity than it need be.
    private async ValueTask<string?> MovingAsync(IReadOnlyList<TaskDocument> live, CancellationToken stop)
    {
        if (_strategy is not { Strategy: { Overflow: true } strategy } || _service.Primary.RolloutState != DeploymentRecord.Completed
            || _service.Tags.GetValueOrDefault(TaskCapacity.RebalanceTag) != TaskCapacity.RebalanceValue)
        {
            return null;
        }
        _wantsCapacity = true;
        var placed = live.Where(t => t.WantsRunning && !t.IsWaiting).ToList();
        var counts = Shares(live);
        if (placed.Count < _service.DesiredCount
            || strategy.Misplaced([.. InOrder(placed).Where(t => !t.IsProtected(Now)).Select(t => (t.Id, t.CapacityProvider))], counts) is not { } id)
        {
            return null;
        }
        if (placed.Count > _service.DesiredCount)
        {
            // Its successor has a place already.
            return id;
        }
        if (await TemplateAsync(stop) is not (var template, _))
        {
            return null;
        }
        var placer = new TaskPlacer(await ClusterCapacity.LoadAsync(cloud.Documents, scope, stop), template, Now, counts);
        return placer.PlaceNew(out var chosen).IsPlaced
            && strategy.Rank(chosen.CapacityProvider, counts) < strategy.Rank(placed.Single(t => t.Id == id).CapacityProvider, counts) ? id : null;
    }

    // Oldest first; those on later capacity of an overflow strategy after all others, so that they are the first to go.
    private IEnumerable<TaskDocument> InOrder(IReadOnlyList<TaskDocument> placed)
    {
        var overflow = _strategy is { Strategy: { Overflow: true } strategy } ? strategy : null;
        var counts = Shares(placed);
        return placed.OrderBy(t => overflow?.Rank(t.CapacityProvider, counts) ?? 0).ThenBy(t => t.CreatedAt).ThenBy(t => t.Id, StringComparer.Ordinal);
    }

    private async ValueTask<TaskCapacity?> StrategyAsync(CancellationToken stop)
    {
        if (_service.Declared.CapacityProviderStrategy is not { Count: > 0 } items)
        {
            return null;
        }
        var accountScope = CallScope.Of(scope).DocumentScope;
        var cluster = await cloud.Documents.GetAsync(EcsKinds.Cluster, accountScope, _service.ClusterName, stop);
        var overflow = TaskCapacity.IsOverflow(_service.Tags, cluster?.Value.Tags ?? TagSet.Empty);
        return await TaskCapacity.LoadAsync(cloud.Documents, accountScope, items, overflow, stop);
    }

    // What the shares of a strategy are counted over: the tasks of the newest deployment that are to stay.
    private Dictionary<string, int> Shares(IReadOnlyList<TaskDocument> live) =>
        live.Where(t => t.WantsRunning && t.CapacityProvider is not null && t.DeploymentId == _service.Primary.Id && !_leaving.Contains(t.InstanceId))
            .CountBy(t => t.CapacityProvider!).ToDictionary(StringComparer.Ordinal);
}
