namespace Longspan.Store.Sqlite.Messages;

/// <summary>What the queues of a store have in memory, counted as it changes.</summary>
internal sealed class MemoryMeter
{
    /// <summary>What an entry costs beside its payload: the object, its place in the dictionary, and in a heap.</summary>
    private const int EntryBytes = 320;
    /// <summary>What an empty queue costs.</summary>
    private const int QueueBytes = 1_500;

    public long PayloadBytes { get; set; }
    public long Entries { get; set; }
    public long Queues { get; set; }

    public long Bytes => PayloadBytes + (Entries * EntryBytes) + (Queues * QueueBytes);
}
