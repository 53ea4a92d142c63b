namespace Longspan.Store.Sqlite.Messages;

/// <summary>Bounds of a message store. The defaults are what was measured; tests make them small to reach the rare paths quickly.</summary>
public sealed record SqliteMessageSettings
{
    public static SqliteMessageSettings Default { get; } = new();

    /// <summary>Journal bytes after which what is still alive moves to SQLite.</summary>
    public long CheckpointBytes { get; init; } = 32L * 1024 * 1024;
    /// <summary>Changed messages after which it does so too, however small they are.</summary>
    public int CheckpointEntries { get; init; } = 200_000;
    /// <summary>Calls wait for a running checkpoint when the journal has grown to this since it began.</summary>
    public long MaximumJournalBytes { get; init; } = 128L * 1024 * 1024;
    /// <summary>Payload bytes of messages that need not be in memory; what is beyond is left to SQLite.</summary>
    public long WindowBytes { get; init; } = 32L * 1024 * 1024;
    /// <summary>How far into its backlog a FIFO queue looks for an open group; a standard queue reads ahead a quarter of it.</summary>
    public long LookaheadBytes { get; init; } = 32L * 1024 * 1024;
    /// <summary>With fewer messages than this ready in memory, the next page of a queue's tail is read.</summary>
    public int LowWater { get; init; } = 1_000;
    public int PageSize { get; init; } = 2_000;
    /// <summary>Payload that a queue may keep in memory however many queues there are.</summary>
    public long MinimumShare { get; init; } = 256;
    /// <summary>
    /// What queues, messages and deduplication ids may take in memory, all together. Beyond it messages and queues are refused until something is
    /// received and deleted or has run out, and the tails stay where they are.
    /// </summary>
    public long MemoryBytes { get; init; } = 512L * 1024 * 1024;
    /// <summary>Payload in memory up to which FIFO queues look ahead.</summary>
    internal long LookaheadLimit => Math.Max(WindowBytes, MemoryBytes / 4);
    /// <summary>Payload in memory beyond which eviction does not wait for a checkpoint.</summary>
    internal long EvictionLimit => Math.Max(2 * WindowBytes, MemoryBytes / 2);
    /// <summary>Free pages of 4 KiB that the database file keeps for what comes next, and how many more one checkpoint gives back.</summary>
    public int SparePages { get; init; } = 8_192;
    /// <summary>How often expired messages are looked for, and idle changes checkpointed.</summary>
    public TimeSpan SweepPeriod { get; init; } = TimeSpan.FromMinutes(1);
    /// <summary>For tests: runs when a look has read a part of a tail and has not brought it to the writer yet.</summary>
    internal Func<Task>? AfterTailRead { get; init; }
    /// <summary>For tests: runs before each write to the journal and may throw what a disk would.</summary>
    internal Action? BeforeJournalWrite { get; init; }
}
