using Longspan.Store.Documents;

namespace Longspan.Kernel.Reconcilers;

/// <summary>
/// A level-triggered pass. It takes no input but its shard: it re-reads the world, decides, and commits; it is idempotent and runs on
/// a signal (a change of a watched kind) and on a timer. A pass does not retry: the next pass is the retry.
/// </summary>
public abstract class Reconciler
{
    public abstract string Name { get; }

    /// <summary>The period of the timer, and the longest time until a missed signal is made good.</summary>
    public virtual TimeSpan Period => TimeSpan.FromSeconds(30);

    /// <summary>A pass that takes longer is cancelled, counted as failed and reported.</summary>
    public virtual TimeSpan PassLimit => TimeSpan.FromSeconds(30);

    /// <summary>The shard that a change concerns, or null when it concerns none of ours. Called for every change in the log: be quick.</summary>
    public abstract string? ShardOf(DocumentChange change);

    /// <summary>All shards that exist now; asked at start, after a resync and at each period.</summary>
    public abstract ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop);

    /// <summary>One pass. Never runs twice at once for a shard. Returns when to look again at the latest, or null for the period.</summary>
    public abstract ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop);
}
