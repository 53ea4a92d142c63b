namespace Longspan.Store.Messages;

/// <summary>
/// Where queue messages live, apart from the document log: their own files, their own writer, their own commit rhythm.
///
/// The seam speaks of queues by an internal number, so that a queue deleted and created again under the same name shares nothing
/// with its predecessor. Names, tags, policies and everything else that people configure are documents; a backend is told only the
/// few settings that decide about delivery (<see cref="QueueSettings"/>), each time the module opens a queue.
///
/// Promises, for every implementation:
/// <list type="bullet">
/// <item>A completed call is durable. What many callers asked for at the same time shares one fsync.</item>
/// <item>After a crash every acknowledged send is there, every acknowledged delete stays done, and a message handed out is still
/// invisible until the moment that its receiver was told.</item>
/// <item>A first-in-first-out queue hands out the messages of one group in the order of their sequence numbers, and none while an
/// earlier delivery of that group is in flight.</item>
/// <item>Memory is bounded by what is being worked on, not by the backlog.</item>
/// </list>
/// Times are Unix milliseconds. Payloads are opaque. A call for a queue that is not open, or is dropped while the call waits,
/// throws <see cref="QueueGoneException"/>; a disk that refuses throws <see cref="MessageStoreUnavailableException"/>, and then nothing of that
/// call has happened. A store whose memory is full refuses messages and queues with <see cref="MessageStoreFullException"/>.
/// </summary>
public abstract class MessageBackend : IAsyncDisposable
{
    /// <summary>Most messages that one call may carry.</summary>
    public const int MaximumBatch = 100;

    /// <summary>How long one delivery may keep a message invisible, all its extensions together.</summary>
    public static readonly TimeSpan MaximumInvisible = TimeSpan.FromHours(12);

    /// <summary>Creates the queue if it is new, and puts its settings into force either way. The kind (FIFO or not) never changes.</summary>
    public abstract ValueTask OpenAsync(long queue, QueueSettings settings, CancellationToken stop);

    /// <summary>Deletes the queue with its messages; calls that wait for its messages end with <see cref="QueueGoneException"/>.</summary>
    public abstract ValueTask DropAsync(long queue, CancellationToken stop);

    /// <summary>Drops every queue not named: what a crash left between a deleted definition and its messages.</summary>
    public abstract ValueTask RetainOnlyAsync(IReadOnlySet<long> queues, CancellationToken stop);

    public abstract ValueTask<IReadOnlyList<SentMessage>> SendAsync(long queue, IReadOnlyList<NewMessage> messages, CancellationToken stop);

    /// <summary>
    /// Takes up to <see cref="ReceiveOrder.Maximum"/> visible messages. With nothing visible it waits as long as the order says; a message
    /// that becomes visible wakes exactly one waiter, the longest waiting first.
    /// </summary>
    public abstract ValueTask<Reception> ReceiveAsync(long queue, ReceiveOrder order, CancellationToken stop);

    public abstract ValueTask<IReadOnlyList<ReceiptOutcome>> DeleteAsync(long queue, IReadOnlyList<Receipt> receipts, CancellationToken stop);

    /// <summary>Makes messages in flight visible after another span from now; zero makes them visible at once. The limit is <see cref="MaximumInvisible"/>.</summary>
    public abstract ValueTask<IReadOnlyList<ReceiptOutcome>> ChangeVisibilityAsync(
        long queue, IReadOnlyList<VisibilityChange> changes, CancellationToken stop);

    /// <summary>Removes every message that the queue holds at this moment, in flight or not.</summary>
    public abstract ValueTask PurgeAsync(long queue, CancellationToken stop);

    public abstract ValueTask<QueueDepth> DepthAsync(long queue, CancellationToken stop);

    /// <summary>Moves visible messages to other queues, as new messages there; oldest first, in one durable step.</summary>
    public abstract ValueTask<MoveOutcome> MoveAsync(long queue, MoveOrder order, CancellationToken stop);

    /// <summary>
    /// Looks at messages without receiving them: nothing about them changes. In the order of their sequence numbers, those after
    /// <paramref name="after"/>; in flight and delayed ones too. A page is bounded in messages (<see cref="MaximumBatch"/>) and bytes. What was
    /// acknowledged before the call is seen, what was deleted before it is not.
    /// </summary>
    public abstract ValueTask<PeekedPage> PeekAsync(long queue, long after, int maximum, CancellationToken stop);

    /// <summary>
    /// Messages as they enter the queue, whoever receives and deletes them meanwhile. Without a position it begins to listen and returns
    /// the position to ask from. What is kept between two calls is bounded, and forgotten when nobody asks for half a minute;
    /// <see cref="WatchedMessages"/> tells of losses. Null: too many queues are listened to already.
    /// </summary>
    public abstract ValueTask<WatchedMessages?> WatchAsync(long queue, WatchPosition? after, CancellationToken stop);

    /// <summary>Back to an empty store, within milliseconds. Space comes back later.</summary>
    public abstract ValueTask ResetAsync(CancellationToken stop);

    public abstract ValueTask DisposeAsync();
}

/// <summary>The queue is not, or is no longer, in the store.</summary>
public sealed class QueueGoneException(long queue) : Exception($"Queue {queue} is not open in the message store.");

/// <summary>The store's memory is full of messages in flight, delayed or just sent. Nothing of the call has happened; it may be tried later.</summary>
public sealed class MessageStoreFullException() : Exception("The message store holds as much in memory as it may.");

/// <summary>The disk refused a write or a read. Nothing of the call has happened; it may be tried again.</summary>
public sealed class MessageStoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
