namespace Longspan.Services.Ecs.Scheduling;

/// <summary>What a node is to a daemon service.</summary>
internal enum DaemonNodeState
{
    /// <summary>It should run one task, and can be given one.</summary>
    Eligible,
    /// <summary>It should run one task but cannot be reached: it keeps what it has and gets nothing.</summary>
    Unreachable,
    /// <summary>It is being drained and other tasks are still on it: the daemon stays until they have gone.</summary>
    Leaving,
    /// <summary>It should run none: drained, or outside the placement constraints.</summary>
    Unfit,
}

internal readonly record struct DaemonNode(string InstanceId, DaemonNodeState State);

/// <param name="Stopping">Asked to stop, and still there.</param>
internal readonly record struct DaemonTask(RolloutTask Task, string InstanceId, bool Stopping);

internal sealed record DaemonState
{
    public required IReadOnlyList<DaemonNode> Nodes { get; init; }
    public required IReadOnlyList<DaemonTask> Tasks { get; init; }
    public required int MinimumHealthyPercent { get; init; }
    public required string PrimaryId { get; init; }
    /// <summary>The primary deployment is pausing after failures, or has failed for good.</summary>
    public bool StartsBlocked { get; init; }
}

/// <param name="Start">The nodes that lack a task.</param>
internal sealed record DaemonDecision(
    int DesiredCount, IReadOnlyList<string> Start, IReadOnlyList<(string TaskId, string Reason)> Stop, bool Complete);

/// <summary>
/// One step of a daemon service: one task on every node that should have one. Pure and repeatable. A node gets its new task only after the
/// old one has gone, since both may want the same host port; no healthy task is stopped for a rollout when that would leave fewer than
/// <c>minimumHealthyPercent</c> healthy.
/// </summary>
internal static class DaemonPlan
{
    public static DaemonDecision Next(DaemonState state)
    {
        var stops = new List<(string, string)>();
        var starts = new List<string>();
        var kept = new List<(RolloutTask Task, bool Reachable)>();
        var tasks = state.Tasks.ToLookup(t => t.InstanceId, StringComparer.Ordinal);
        var known = state.Nodes.ToDictionary(n => n.InstanceId, n => n.State, StringComparer.Ordinal);
        foreach (var task in state.Tasks.Where(t => !t.Stopping && !t.Task.Protected && known.GetValueOrDefault(t.InstanceId, DaemonNodeState.Unfit) == DaemonNodeState.Unfit))
        {
            stops.Add((task.Task.Id, DeploymentPlan.ScaledIn));
        }
        var desired = 0;
        foreach (var node in state.Nodes.Where(n => n.State is DaemonNodeState.Eligible or DaemonNodeState.Unreachable))
        {
            var present = tasks[node.InstanceId].ToList();
            var reachable = node.State == DaemonNodeState.Eligible;
            if (present.Count == 0 && reachable && !state.StartsBlocked)
            {
                starts.Add(node.InstanceId);
            }
            var own = present.Where(t => !t.Stopping).Select(t => t.Task).ToList();
            desired += reachable || own.Count > 0 ? 1 : 0;
            stops.AddRange(own.Where(t => t.Unhealthy).Select(t => (t.Id, DeploymentPlan.FailedHealthCheck)));
            var best = own.Where(t => !t.Unhealthy)
                .OrderByDescending(t => t.DeploymentId == state.PrimaryId).ThenByDescending(t => t.Healthy).ThenBy(t => t.Order).ToList();
            stops.AddRange(best.Skip(1).Where(t => !t.Protected).Select(t => (t.Id, DeploymentPlan.ScaledIn)));
            kept.AddRange(best.Take(1).Select(t => (t, reachable)));
        }
        var old = kept.Where(k => k.Task.DeploymentId != state.PrimaryId).ToList();
        if (!state.StartsBlocked)
        {
            stops.AddRange(Replaced(state, kept, desired).Select(id => (id, DeploymentPlan.Replaced)));
        }
        var complete = stops.Count == 0 && old.Count == 0 && kept.Count == desired && kept.All(k => k.Task.Healthy);
        return new DaemonDecision(desired, starts, stops, complete);
    }

    public static int MinimumHealthy(int desired, int percent) => (int)(((long)desired * percent + 99) / 100);

    // A task on a node that cannot be reached would not stop now, and its place in the minimum would be lost for the others.
    private static IEnumerable<string> Replaced(DaemonState state, List<(RolloutTask Task, bool Reachable)> kept, int desired)
    {
        var healthy = kept.Count(k => k.Task.DeploymentId == state.PrimaryId ? k.Task.Settled : k.Task.Healthy);
        var spare = Math.Max(0, healthy - MinimumHealthy(desired, state.MinimumHealthyPercent));
        foreach (var (task, _) in kept.Where(k => k.Reachable && !k.Task.Protected && k.Task.DeploymentId != state.PrimaryId)
            .OrderBy(k => k.Task.Healthy).ThenBy(k => k.Task.Order))
        {
            if (task.Healthy && spare-- <= 0)
            {
                yield break;
            }
            yield return task.Id;
        }
    }
}
