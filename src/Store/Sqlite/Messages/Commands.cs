using Longspan.Store.Messages;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Something that the writer is asked to do. <see cref="Apply"/> runs on the writer's thread and changes the state; the caller hears of it only
/// after the group's fsync.
/// </summary>
internal abstract class Command
{
    /// <summary>It can be answered while the disk takes no writes.</summary>
    public virtual bool ChangesNothing => false;

    /// <summary>False when the command stays behind to wait; whoever ends the wait completes it.</summary>
    public abstract bool Apply(MessageWriter writer, long now);

    public abstract void Complete();

    public abstract void Fail(Exception reason);
}

internal abstract class Command<T> : Command
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _done.Task;
    protected T Result { get; set; } = default!;

    public override void Complete() => _done.TrySetResult(Result);

    public override void Fail(Exception reason) => _done.TrySetException(reason);

    protected bool Cancel(CancellationToken stop) => _done.TrySetCanceled(stop);
}

internal sealed class OpenCommand(long queue, QueueSettings settings) : Command<bool>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        if (writer.State.Find(queue) is null)
        {
            writer.RequireRoom();
        }
        writer.State.Open(queue, settings.Fifo);
        writer.Configure(queue, settings);
        return true;
    }
}

internal sealed class DropCommand(long queue) : Command<bool>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        if (writer.State.Find(queue) is { } state)
        {
            writer.Drop(state);
        }
        return true;
    }
}

internal sealed class RetainOnlyCommand(IReadOnlySet<long> queues) : Command<bool>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        foreach (var state in writer.State.Queues.Values.Where(q => !queues.Contains(q.Id)).ToList())
        {
            writer.Drop(state);
        }
        return true;
    }
}

internal sealed class ResetCommand : Command<bool>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        writer.Reset();
        return true;
    }
}

/// <summary>For tests: once it is answered no checkpoint is running and none begins until the store is closed.</summary>
internal sealed class HoldCommand : Command<bool>
{
    public override bool Apply(MessageWriter writer, long now) => true;
}

/// <summary>For tests and benches: how many messages are in memory.</summary>
internal sealed class CountCommand : Command<int>
{
    public override bool ChangesNothing => true;

    public override bool Apply(MessageWriter writer, long now)
    {
        Result = writer.State.Queues.Values.Sum(q => q.Entries.Count);
        return true;
    }
}

/// <summary>For tests and benches: bytes in memory, the payloads' and all.</summary>
internal sealed class MeasureCommand : Command<(long Payload, long All)>
{
    public override bool ChangesNothing => true;

    public override bool Apply(MessageWriter writer, long now)
    {
        Result = (writer.State.Meter.PayloadBytes, writer.State.Bytes);
        return true;
    }
}

internal sealed class PurgeCommand(long queue) : Command<bool>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        writer.State.Purge(writer.State.Require(queue), writer.State.NextSequence - 1);
        return true;
    }
}

internal sealed class DepthCommand(long queue) : Command<QueueDepth>
{
    public override bool ChangesNothing => true;

    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        state.Advance(now);
        Result = state.Depth;
        return true;
    }
}

internal sealed class SendCommand(long queue, IReadOnlyList<NewMessage> messages) : Command<IReadOnlyList<SentMessage>>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        writer.RequireRoom();
        var sent = new SentMessage[messages.Count];
        // First what may have to read the disk and fail: nothing of the call has happened yet.
        for (var i = 0; i < sent.Length; i++)
        {
            if (messages[i].Deduplication != 0 && writer.FindEarlier(queue, messages[i].Deduplication, now) is { } earlier)
            {
                sent[i] = new SentMessage(earlier.Id, earlier.Sequence, Duplicate: true);
            }
        }
        for (var i = 0; i < sent.Length; i++)
        {
            var message = messages[i];
            if (sent[i].Duplicate)
            {
                continue;
            }
            if (message.Deduplication != 0 && writer.State.Deduplication.TryFindRecent(queue, message.Deduplication, now, out var earlier))
            {
                sent[i] = new SentMessage(earlier.Id, earlier.Sequence, Duplicate: true);
                continue;
            }
            var entry = writer.State.Send(state, message, now);
            sent[i] = new SentMessage(entry.Id, entry.Sequence, Duplicate: false);
        }
        Result = sent;
        return true;
    }
}

internal sealed class DeleteCommand(long queue, IReadOnlyList<Receipt> receipts) : Command<IReadOnlyList<ReceiptOutcome>>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        state.Advance(now);
        var outcomes = new ReceiptOutcome[receipts.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = DeleteOne(writer, state, receipts[i], now);
        }
        Result = outcomes;
        return true;
    }

    private static ReceiptOutcome DeleteOne(MessageWriter writer, QueueState queue, Receipt receipt, long now)
    {
        var outcome = writer.Judge(queue, receipt, now, out var entry);
        if (outcome == ReceiptOutcome.Expired && !queue.Fifo)
        {
            outcome = ReceiptOutcome.Done;
        }
        if (outcome == ReceiptOutcome.Done)
        {
            writer.State.Delete(queue, entry!);
        }
        return outcome;
    }
}

internal sealed class VisibilityCommand(long queue, IReadOnlyList<VisibilityChange> changes) : Command<IReadOnlyList<ReceiptOutcome>>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        state.Advance(now);
        var outcomes = new ReceiptOutcome[changes.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = writer.Judge(state, changes[i].Receipt, now, out var entry);
            var span = (long)changes[i].Visibility.TotalMilliseconds;
            if (outcomes[i] == ReceiptOutcome.Done && IsBeyondLimit(entry!, span, now))
            {
                outcomes[i] = ReceiptOutcome.BeyondLimit;
            }
            if (outcomes[i] == ReceiptOutcome.Done)
            {
                writer.State.ChangeVisibility(state, entry!, span > 0 ? now + span : 0);
            }
        }
        Result = outcomes;
        return true;
    }

    /// <summary>
    /// Counted from the delivery in whole seconds, so that asking for all of it right after receiving is granted. A delivery that an earlier
    /// version recorded has no moment, and its limit begins now.
    /// </summary>
    private static bool IsBeyondLimit(Entry entry, long span, long now)
    {
        var elapsed = entry.DeliveredAt == 0 ? 0 : now - entry.DeliveredAt;
        return span > 0 && elapsed / 1000 * 1000 + span > (long)MessageBackend.MaximumInvisible.TotalMilliseconds;
    }
}

internal sealed class MoveCommand(long queue, MoveOrder order) : Command<MoveOutcome>
{
    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        state.Advance(now);
        state.Order.BeginTaking();
        var moved = 0;
        var unmovable = new List<Entry>();
        while (moved < order.Maximum && unmovable.Count < order.Maximum && state.Order.Next() is { } entry)
        {
            if (Destination(writer, entry) is { } destination && destination != state)
            {
                // A message that is moved by hand starts anew: new id, new age.
                writer.State.Move(state, entry, writer.PayloadOf(entry), destination, Identity.New(), now, source: null, now);
                moved++;
            }
            else
            {
                state.Order.Unlink(entry);
                unmovable.Add(entry);
            }
        }
        unmovable.ForEach(state.Order.Link);
        writer.Tail.LoadIfLow(state);
        Result = new MoveOutcome(moved, unmovable.Count, state.Depth.Visible);
        return true;
    }

    private QueueState? Destination(MessageWriter writer, Entry entry) =>
        order.Destination is { } queue ? writer.State.Find(queue)
        : entry.Source is not null && order.DestinationsByTag.TryGetValue(entry.Source, out var origin) ? writer.State.Find(origin)
        : null;
}
