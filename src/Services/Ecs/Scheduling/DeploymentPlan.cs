namespace Longspan.Services.Ecs.Scheduling;

/// <summary>One task of a service, as far as a rollout cares.</summary>
/// <param name="Healthy">Running, and healthy by its checks if it has any.</param>
/// <param name="Settled">Has been healthy long enough that an old task may be given up for it.</param>
/// <param name="Unhealthy">Its health check has failed: it is to be replaced.</param>
/// <param name="Order">Creation order: the newest go first when a service shrinks.</param>
/// <param name="Protected">Stopped for its health only, neither for scale-in nor for a deployment.</param>
internal readonly record struct RolloutTask(
    string Id, string DeploymentId, bool Healthy, bool Settled, bool Unhealthy, long Order, bool Protected = false);

internal sealed record RolloutState
{
    public required int DesiredCount { get; init; }
    public required int MinimumHealthyPercent { get; init; }
    public required int MaximumPercent { get; init; }
    public required string PrimaryId { get; init; }
    /// <summary>Tasks that are meant to run: those asked to stop are not listed.</summary>
    public required IReadOnlyList<RolloutTask> Tasks { get; init; }
    /// <summary>The primary deployment is pausing after failures, or has failed for good: start nothing.</summary>
    public bool StartsBlocked { get; init; }
    /// <summary>The last attempt to place a task found no room: old tasks may have to go first.</summary>
    public bool NoCapacity { get; init; }
}

/// <summary>What to do now: so many starts of the primary deployment, and these stops with their reasons.</summary>
/// <param name="Held">Tasks that would have been stopped now, if they were not protected.</param>
internal sealed record RolloutDecision(int Start, IReadOnlyList<(string TaskId, string Reason)> Stop, bool Complete, int Held = 0);

/// <summary>
/// One step of a rolling deployment. Pure and repeatable: given the tasks as they are it names the next moves, and when nothing needs
/// doing it names none. Two limits hold at every step: at most <c>maximumPercent</c> of the desired count are meant to run, and no
/// healthy task is stopped for a rollout when that would leave fewer than <c>minimumHealthyPercent</c> healthy.
/// </summary>
internal static class DeploymentPlan
{
    public const string Replaced = "Scaling activity initiated by deployment";
    public const string ScaledIn = "Scaling activity initiated by (service)";
    public const string FailedHealthCheck = "Task failed container health checks";

    public static int MinimumHealthy(RolloutState state) => Ceiling(state.DesiredCount, state.MinimumHealthyPercent);

    public static int MaximumTotal(RolloutState state) =>
        (int)((long)state.DesiredCount * state.MaximumPercent / 100);

    public static RolloutDecision Next(RolloutState state)
    {
        var stops = new List<(string, string)>();
        foreach (var task in state.Tasks.Where(t => t.Unhealthy))
        {
            stops.Add((task.Id, FailedHealthCheck));
        }
        var live = state.Tasks.Where(t => !t.Unhealthy).ToList();
        var primary = live.Where(t => t.DeploymentId == state.PrimaryId).ToList();
        var old = live.Where(t => t.DeploymentId != state.PrimaryId).ToList();

        var surplus = primary.Count - state.DesiredCount;
        if (surplus > 0)
        {
            foreach (var task in primary.Where(t => !t.Protected).OrderBy(t => t.Healthy).ThenByDescending(t => t.Order).Take(surplus))
            {
                stops.Add((task.Id, ScaledIn));
            }
        }

        var missing = Math.Max(0, -surplus);
        var room = Math.Max(0, MaximumTotal(state) - live.Count);
        var start = state.StartsBlocked ? 0 : Math.Min(missing, room);
        // Those that are scaled in at the same time keep nothing up either.
        var leaving = stops.Select(s => s.Item1).ToHashSet(StringComparer.Ordinal);
        var staying = primary.Where(t => !leaving.Contains(t.Id)).ToList();
        foreach (var id in OldToStop(state, staying, old, missing - (state.NoCapacity ? 0 : start)))
        {
            stops.Add((id, Replaced));
        }
        var complete = old.Count == 0 && surplus == 0 && stops.Count == 0 && primary.All(t => t.Healthy);
        return new RolloutDecision(start, stops, complete, Held(state, primary, old, surplus));
    }

    private static int Held(RolloutState state, List<RolloutTask> primary, List<RolloutTask> old, int surplus) =>
        Math.Max(0, surplus - primary.Count(t => !t.Protected))
        + (primary.Count(t => t.Settled) >= state.DesiredCount ? old.Count(t => t.Protected) : 0);

    // An old task goes when a new one has taken its place, or when a new one cannot start for it (the limit, or no room) and the
    // minimum allows. Old tasks that are not healthy keep nothing up, so they go first and cost nothing.
    private static IEnumerable<string> OldToStop(
        RolloutState state, List<RolloutTask> primary, List<RolloutTask> old, int unstartable)
    {
        var settled = primary.Count(t => t.Settled);
        var covered = Math.Max(0, settled + old.Count - state.DesiredCount);
        var blocked = state.StartsBlocked ? 0 : Math.Max(0, unstartable);
        var quota = state.DesiredCount == 0 ? old.Count : Math.Min(old.Count, Math.Max(covered, blocked));
        var healthy = settled + old.Count(t => t.Healthy);
        var spare = Math.Max(0, healthy - MinimumHealthy(state));
        foreach (var task in old.Where(t => !t.Protected).OrderBy(t => t.Healthy).ThenBy(t => t.Order))
        {
            if (quota == 0)
            {
                yield break;
            }
            if (task.Healthy)
            {
                if (spare == 0)
                {
                    yield break;
                }
                spare--;
            }
            quota--;
            yield return task.Id;
        }
    }

    private static int Ceiling(int count, int percent) => (int)(((long)count * percent + 99) / 100);
}

/// <summary>How long a deployment whose tasks fail waits before its next attempt, and when the circuit breaker gives it up.</summary>
internal static class DeploymentFailures
{
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);
    /// <summary>A task that ends by itself sooner than this after its start counts as a failed start.</summary>
    public static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(10);
    /// <summary>A task without a health check must have run this long before an old task is given up for it.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    public static TimeSpan Pause(int consecutiveFailures)
    {
        if (consecutiveFailures <= 0)
        {
            return TimeSpan.Zero;
        }
        var pause = FirstPause * Math.Pow(2, Math.Min(consecutiveFailures - 1, 10));
        return pause < LongestPause ? pause : LongestPause;
    }

    /// <summary>Half the desired count, but at least 3 and at most 200: the threshold that AWS documents.</summary>
    public static int BreakerThreshold(int desiredCount) => Math.Clamp((desiredCount + 1) / 2, 3, 200);
}
