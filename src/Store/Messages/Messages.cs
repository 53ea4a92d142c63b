namespace Longspan.Store.Messages;

/// <summary>What decides about delivery in one queue.</summary>
public sealed record QueueSettings
{
    public bool Fifo { get; init; }
    /// <summary>Messages older than this are gone.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(4);
    /// <summary>After so many deliveries the next one goes to <see cref="DeadLetterQueue"/> instead; zero: never.</summary>
    public int MaximumReceives { get; init; }
    public long DeadLetterQueue { get; init; }
    /// <summary>Kept with a message that was dead-lettered from here: <see cref="ReceivedMessage.Source"/>.</summary>
    public string? SourceTag { get; init; }
    /// <summary>How many messages may be in flight.</summary>
    public int MaximumInFlight { get; init; } = 120_000;
}

/// <summary>A message to be stored. The array is kept: do not write to it afterwards.</summary>
public readonly record struct NewMessage(Guid Id, byte[] Payload)
{
    /// <summary>FIFO: the group whose order counts. Otherwise kept and handed back only.</summary>
    public string? GroupId { get; init; }
    /// <summary>FIFO: a digest of what makes this message a repetition of an earlier one; zero for none.</summary>
    public UInt128 Deduplication { get; init; }
    public TimeSpan Delay { get; init; }
}

/// <summary>Where a message stands in the store's one sequence. A repetition inside the window gets the first one's numbers.</summary>
public readonly record struct SentMessage(Guid Id, long Sequence, bool Duplicate);

public readonly record struct ReceiveOrder(int Maximum, TimeSpan Visibility, TimeSpan Wait)
{
    /// <summary>FIFO: a repeated order under this name gets the same messages again while they are in flight.</summary>
    public string? AttemptId { get; init; }
}

public enum ReceptionStatus
{
    Delivered,
    /// <summary>Too many messages of the queue are in flight.</summary>
    OverLimit,
}

public readonly record struct Reception(ReceptionStatus Status, IReadOnlyList<ReceivedMessage> Messages);

/// <summary>One delivery. <see cref="Receipt"/> names it: the message and which of its deliveries this is.</summary>
public sealed record ReceivedMessage(
    Receipt Receipt, Guid Id, byte[] Payload, long SentAt, long FirstReceivedAt, string? GroupId, string? Source);

/// <summary>A delivery of a message: the store's sequence number and the count of its deliveries so far.</summary>
public readonly record struct Receipt(long Sequence, int Delivery);

public readonly record struct VisibilityChange(Receipt Receipt, TimeSpan Visibility);

public enum ReceiptOutcome
{
    Done,
    /// <summary>No such message: it was deleted, moved, purged or has expired.</summary>
    Gone,
    /// <summary>The message has been handed out again since, so this receipt is no longer its latest.</summary>
    Superseded,
    /// <summary>The message is visible: its delivery's time has run out. A standard queue still deletes on such a receipt.</summary>
    Expired,
    /// <summary>The change would keep the message invisible for longer than <see cref="MessageBackend.MaximumInvisible"/> since it was delivered.</summary>
    BeyondLimit,
}

/// <summary>Message counts by state.</summary>
public readonly record struct QueueDepth(long Visible, long InFlight, long Delayed);

/// <param name="Maximum">How many messages at most.</param>
/// <param name="Destination">Where all go; null: where each came from, by its source tag.</param>
public sealed record MoveOrder(int Maximum, long? Destination, IReadOnlyDictionary<string, long> DestinationsByTag);

/// <param name="Moved">Messages now in their destination.</param>
/// <param name="Unmovable">Messages met for which no open destination is known; they stay.</param>
/// <param name="Remaining">Visible messages that the queue still holds, the unmovable ones included.</param>
public readonly record struct MoveOutcome(int Moved, int Unmovable, long Remaining);

/// <summary>Where a message stands that is looked at.</summary>
public enum MessageStanding
{
    Visible,
    InFlight,
    Delayed,
}

/// <param name="VisibleAt">When a message in flight or delayed becomes visible; zero for a visible one.</param>
public sealed record PeekedMessage(
    long Sequence, Guid Id, byte[] Payload, long SentAt, long FirstReceivedAt, int ReceiveCount, string? GroupId, string? Source,
    MessageStanding Standing, long VisibleAt);

/// <param name="Next">After which number the next page begins; null when there is no more. A page may be empty although there is.</param>
public sealed record PeekedPage(IReadOnlyList<PeekedMessage> Messages, long? Next);

/// <summary>How far somebody has listened to a queue: which listening (<see cref="Epoch"/>), and how many messages of it.</summary>
public readonly record struct WatchPosition(long Epoch, long Count);

/// <param name="Missed">Messages between the position and the first of these that are no longer kept.</param>
/// <param name="Interrupted">The position is of an earlier listening: what came in between is not known.</param>
public sealed record WatchedMessages(IReadOnlyList<PeekedMessage> Messages, WatchPosition Position, long Missed, bool Interrupted);
