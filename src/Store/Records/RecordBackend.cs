namespace Longspan.Store.Records;

/// <summary>
/// What a database must do for the record store. <see cref="ApplyAsync"/> is called by one writer at a time, reads run beside it. The rules
/// about outcomes are those of the document log: what is answered is durable, <see cref="Documents.CommitUnknownException"/> means
/// unknown, any other exception means that nothing was written.
/// </summary>
public abstract class RecordBackend : IAsyncDisposable
{
    /// <summary>Opens the database; true when removed events still wait to be purged.</summary>
    public abstract ValueTask<bool> OpenAsync(CancellationToken stop);

    /// <summary>All writes in one transaction with one sync, in order.</summary>
    public abstract ValueTask<IReadOnlyList<RecordWriteResult>> ApplyAsync(IReadOnlyList<RecordWrite> writes, long nowMs, CancellationToken stop);

    /// <summary>Takes the next few thousand events of removed streams off the disk; false when none are left.</summary>
    public abstract ValueTask<bool> PurgeAsync(CancellationToken stop);

    public abstract ValueTask<RecordPage> ReadStreamAsync(RecordStream stream, RecordRange range, CancellationToken stop);

    /// <summary>Events of the group's streams that the filter takes, in time order across streams.</summary>
    public abstract ValueTask<RecordPage> ReadGroupAsync(string scope, string group, RecordStreamFilter filter, RecordRange range, CancellationToken stop);

    /// <summary>Streams in name order.</summary>
    public abstract ValueTask<IReadOnlyList<RecordStreamSummary>> ListStreamsAsync(
        string scope, string group, string namePrefix, string? afterName, int limit, CancellationToken stop);

    public abstract ValueTask<RecordGroupSummary> SummarizeGroupAsync(string scope, string group, CancellationToken stop);

    public abstract ValueTask DisposeAsync();
}

/// <summary>Streams by exact names, or else by prefix; the default takes all.</summary>
public sealed record RecordStreamFilter(string Prefix = "", IReadOnlyList<string>? Names = null)
{
    public static RecordStreamFilter All { get; } = new();
}

public abstract record RecordWrite;

public sealed record AppendBatch(RecordStream Stream, IReadOnlyList<RecordEvent> Events, BatchKey? Key) : RecordWrite;

/// <summary>A null stream removes the whole group.</summary>
public sealed record RemoveStreams(string Scope, string Group, string? Stream) : RecordWrite;

/// <summary>At most <see cref="Limit"/> events, oldest first.</summary>
public sealed record RemoveOlder(string Scope, string Group, long BeforeMs, int Limit) : RecordWrite;

public sealed record RemoveEverything : RecordWrite;

/// <summary>For a batch its result; for removals the number of streams or events removed.</summary>
public readonly record struct RecordWriteResult(AppendResult Append, long Removed);
