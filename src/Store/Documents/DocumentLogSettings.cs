namespace Longspan.Store.Documents;

/// <summary>The log's bounds. The defaults fit a single server; tests make them small.</summary>
public sealed record DocumentLogSettings
{
    public static DocumentLogSettings Default { get; } = new();

    /// <summary>Commits that may wait for the writer; beyond it callers wait to get in.</summary>
    public int QueueLength { get; init; } = 4096;
    /// <summary>Most commits under one sync.</summary>
    public int GroupCommits { get; init; } = 256;
    /// <summary>A group is closed once its bodies reach this size.</summary>
    public int GroupBytes { get; init; } = 4 * 1024 * 1024;
    /// <summary>A larger body is a bug of the caller: payloads have their own stores.</summary>
    public int MaximumBodyBytes { get; init; } = 4 * 1024 * 1024;
    /// <summary>Longest kind, scope or name, in characters.</summary>
    public int MaximumKeyLength { get; init; } = 2048;
    /// <summary>Changes that one watcher may leave unread before it is told to list again.</summary>
    public int WatcherChanges { get; init; } = 8192;
    /// <summary>Change rows read at once while a watcher catches up from history.</summary>
    public int WatcherPage { get; init; } = 1000;
    /// <summary>Most watchers at a time.</summary>
    public int Watchers { get; init; } = 4096;
    /// <summary>History older than this is forgotten.</summary>
    public TimeSpan HistoryAge { get; init; } = TimeSpan.FromHours(1);
    /// <summary>Revisions of history that are kept at most.</summary>
    public long HistoryRevisions { get; init; } = 100_000;
    /// <summary>How many revisions pass between two trims.</summary>
    public long TrimEvery { get; init; } = 1000;
}
