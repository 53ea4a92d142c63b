namespace Longspan.Services.Ecs.Scheduling;

/// <summary>Which copy of a task stays when a lost node comes back and the task was replaced meanwhile.</summary>
internal enum Reunion
{
    /// <summary>The original. Its replacement stops as soon as the node has shown that the original runs.</summary>
    KeepOriginal,
    /// <summary>The replacement. The original stops as soon as replacements cover the whole count.</summary>
    KeepReplacement,
    /// <summary>The original, but its replacement stops only when the original has been healthy for a while after its return.</summary>
    HandOver,
}

/// <summary>Where a task of a service stands between its node and us.</summary>
internal enum Presence
{
    /// <summary>Its node is connected, or its node's absence does not count yet.</summary>
    Here,
    /// <summary>Its node cannot be reached; the task still counts.</summary>
    Away,
    /// <summary>Its node was away for too long: the task no longer counts and is replaced.</summary>
    Lost,
    /// <summary>It was lost, and its node is connected again.</summary>
    Back,
}

/// <param name="Healthy">As far as we know: running, and by its last report not unhealthy.</param>
/// <param name="Settled">Has been healthy long enough that another task may be given up for it.</param>
/// <param name="Order">Creation order.</param>
/// <param name="Due">Away: how long until it counts as lost; null for never.</param>
/// <param name="Shown">Back: for how long its node has shown it running; null while it has not.</param>
internal readonly record struct DisconnectTask(
    string Id, string DeploymentId, bool Healthy, bool Settled, bool Unhealthy, long Order, bool Protected, Presence Presence,
    TimeSpan? Due = null, TimeSpan? Shown = null);

internal sealed record DisconnectState
{
    public required int DesiredCount { get; init; }
    public required int MinimumHealthy { get; init; }
    public required string PrimaryId { get; init; }
    public required Reunion Reunion { get; init; }
    /// <summary>The tasks that are meant to run.</summary>
    public required IReadOnlyList<DisconnectTask> Tasks { get; init; }
}

/// <param name="Lose">Tasks that no longer count: the rollout replaces them.</param>
/// <param name="Adopt">Tasks that count again.</param>
/// <param name="LookAgainIn">When time alone changes the answer.</param>
internal sealed record DisconnectDecision(
    IReadOnlyList<string> Lose, IReadOnlyList<string> Adopt, IReadOnlyList<(string TaskId, string Reason)> Stop, TimeSpan? LookAgainIn);

/// <summary>
/// What becomes of a service's tasks when nodes go and come. Pure and repeatable. A task is lost when its node has been away for as long as
/// the policy says; it is not stopped, because nobody could be told, and counts for nothing until its node is back. Then either it takes a
/// place that is free, or one of the two copies stops, as the policy says: never a healthy one when that would leave fewer than the minimum
/// healthy, and never a protected one.
/// </summary>
internal static class DisconnectPlan
{
    public const string ReplacementLeaves = "The task that it replaced is back, and the service keeps originals (longspan:disconnect-reunion)";
    public const string OriginalLeaves = "It was replaced while its container instance was away, and its place is taken (longspan:disconnect-reunion)";
    /// <summary>A returned task must have been shown running for this long before it is handed over to.</summary>
    public static readonly TimeSpan HandOverSettling = TimeSpan.FromSeconds(30);

    public static DisconnectDecision Next(DisconnectState state)
    {
        TimeSpan? look = null;
        void LookIn(TimeSpan delay) => look = look is null || delay < look ? delay : look;
        var lose = new List<string>();
        var counted = new List<DisconnectTask>();
        foreach (var task in state.Tasks.Where(t => t.Presence is Presence.Here or Presence.Away))
        {
            if (task is { Presence: Presence.Away, Due: { } due } && due <= TimeSpan.Zero)
            {
                lose.Add(task.Id);
                continue;
            }
            counted.Add(task);
            if (task is { Presence: Presence.Away, Due: { } later })
            {
                LookIn(later);
            }
        }
        var reunion = new Ledger(state, counted);
        foreach (var task in state.Tasks.Where(t => t.Presence == Presence.Back).OrderBy(t => t.Order))
        {
            if (task.Shown is { } shown && state.Reunion == Reunion.HandOver && shown < HandOverSettling && !reunion.HasRoom)
            {
                LookIn(HandOverSettling - shown);
            }
            else if (task.Shown is not null)
            {
                reunion.Settle(task);
            }
        }
        return new DisconnectDecision(lose, reunion.Adopt, reunion.Stop, look);
    }

    // The places of a service and who holds them, as the decision goes on.
    private sealed class Ledger(DisconnectState state, List<DisconnectTask> counted)
    {
        private readonly List<DisconnectTask> _primary =
            [.. counted.Where(t => t.DeploymentId == state.PrimaryId && !t.Unhealthy)];
        private int _healthy = counted.Count(t => t.Healthy);

        public List<string> Adopt { get; } = [];
        public List<(string TaskId, string Reason)> Stop { get; } = [];
        public bool HasRoom => _primary.Count < state.DesiredCount;

        public void Settle(DisconnectTask task)
        {
            if (task.DeploymentId != state.PrimaryId)
            {
                // The service has moved on: the rollout treats it as what it is, a task of an older deployment.
                Take(task, counts: false);
            }
            else if (HasRoom && !task.Unhealthy)
            {
                Take(task, counts: true);
            }
            else if (state.Reunion == Reunion.KeepReplacement || task.Unhealthy)
            {
                GiveUp(task);
            }
            else
            {
                Exchange(task);
            }
        }

        private void Take(DisconnectTask task, bool counts)
        {
            Adopt.Add(task.Id);
            _healthy += task.Healthy ? 1 : 0;
            if (counts)
            {
                _primary.Add(task);
            }
        }

        // The original goes once the others cover the count by themselves. It is not counted, so its end lowers nothing that is.
        private void GiveUp(DisconnectTask task)
        {
            if (!task.Protected && _primary.Count(t => t.Settled) >= state.DesiredCount)
            {
                Stop.Add((task.Id, OriginalLeaves));
            }
        }

        private void Exchange(DisconnectTask task)
        {
            var younger = _primary.Where(t => t.Order > task.Order && !Adopt.Contains(t.Id)).ToList();
            var open = younger.Where(t => !t.Protected && t.Presence == Presence.Here).OrderBy(t => t.Healthy).ThenByDescending(t => t.Order).ToList();
            if (open is [var leaving, ..])
            {
                var after = _healthy + (task.Healthy ? 1 : 0) - (leaving.Healthy ? 1 : 0);
                if (leaving.Healthy && (after < state.MinimumHealthy || (state.Reunion == Reunion.HandOver && !task.Healthy)))
                {
                    return;
                }
                Stop.Add((leaving.Id, ReplacementLeaves));
                _primary.Remove(leaving);
                _healthy -= leaving.Healthy ? 1 : 0;
                Take(task, counts: true);
            }
            else if (younger.Count == 0)
            {
                // Nothing stands in for it any more: the service has become smaller.
                GiveUp(task);
            }
        }
    }
}
