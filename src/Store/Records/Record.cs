namespace Longspan.Store.Records;

/// <summary>A stream's address. Scope is <c>account/region</c>.</summary>
public readonly record struct RecordStream(string Scope, string Group, string Name);

/// <summary>An event to be kept. The time is the sender's, in milliseconds since 1970.</summary>
public readonly record struct RecordEvent(long TimestampMs, string Message);

/// <summary>An event as kept. <see cref="Id"/> rises with every event of the store and is never used again.</summary>
public sealed record StoredRecord(long Id, string Stream, long TimestampMs, long IngestedMs, string Message)
{
    public RecordPosition Position => new(TimestampMs, Id);
}

/// <summary>A place between events in time order; events of one millisecond are ordered by id. Tokens are made of it.</summary>
public readonly record struct RecordPosition(long TimestampMs, long Id);

/// <summary>
/// Who sent a batch, and its number. A producer numbers the batches of a stream upwards and repeats one until it is acknowledged; a number that
/// is not larger than the stream's last one from this producer has been kept already.
/// </summary>
public readonly record struct BatchKey(string Producer, long Sequence);

public enum AppendStatus
{
    Appended,
    /// <summary>This batch was kept before; nothing was written.</summary>
    Duplicate,
}

/// <summary>First and last id of the batch; zero for a duplicate or an empty one.</summary>
public readonly record struct AppendResult(AppendStatus Status, long FirstId, long LastId);

/// <summary>What a stream holds now. Times are null while it has no events; <see cref="LastIngestedMs"/> stays.</summary>
public sealed record RecordStreamSummary(
    string Stream, long Events, long Bytes, long? FirstMs, long? LastMs, long? LastIngestedMs);

public readonly record struct RecordGroupSummary(long Streams, long Events, long Bytes);

/// <summary>
/// A question for events in time order. <see cref="FromMs"/> is inclusive, <see cref="BeforeMs"/> exclusive. Forwards it yields the oldest after
/// <see cref="After"/> first; <see cref="Backward"/> the newest before it first.
/// </summary>
public sealed record RecordRange
{
    public long FromMs { get; init; }
    public long BeforeMs { get; init; } = long.MaxValue;
    public RecordPosition? After { get; init; }
    public bool Backward { get; init; }
    public required int Limit { get; init; }
    /// <summary>The page ends before its messages exceed this, but holds one event at least.</summary>
    public int MaximumBytes { get; init; } = 1024 * 1024;
}

/// <summary>Events in the order asked for. <see cref="More"/> says that the page ended at its bounds and not at the end.</summary>
public sealed record RecordPage(IReadOnlyList<StoredRecord> Records, bool More);
