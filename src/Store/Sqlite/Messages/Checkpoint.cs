namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// One message's row as it stood when the checkpoint began. A null payload: the cold store has it already. The tenant is its group on a
/// standard queue, the empty string for none where others have one.
/// </summary>
internal readonly record struct ColdRow(Entry Entry, long VisibleAt, long FirstReceivedAt, long DeliveredAt, int ReceiveCount, string? Tenant, byte[]? Payload);

/// <summary>
/// Everything that changed since the checkpoint before, as of one frame of the journal. Built in one go by the writer's thread; written by
/// another while the writer goes on. Messages that came and went in between are not in it: they never reach the cold store.
/// </summary>
internal sealed class Checkpoint
{
    public required long Frame { get; init; }
    public required long NextSequence { get; init; }
    public required long Now { get; init; }
    /// <summary>All rows go first.</summary>
    public required bool Reset { get; init; }
    public required IReadOnlyList<(long Queue, bool Fifo)> Opened { get; init; }
    public required IReadOnlyList<long> Dropped { get; init; }
    public required IReadOnlyList<(long Queue, long UpTo)> Purged { get; init; }
    public required IReadOnlyList<ColdRow> Rows { get; init; }
    public required IReadOnlyList<(long Queue, long Sequence)> Deleted { get; init; }
    public required IReadOnlyCollection<DeduplicationEntry> Deduplications { get; init; }
}
