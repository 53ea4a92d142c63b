using Longspan.Store.Messages;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>One receive call, which may wait in its queue's line.</summary>
internal sealed class ReceiveCommand(long queue, ReceiveOrder order) : Command<Reception>, IHeapItem
{
    /// <summary>Empty-handed waits end together at full tenths of a second: ten wake-ups a second serve thousands of idle polls.</summary>
    private const long DueGridMillis = 100;

    private List<(Entry Entry, int Delivery)>? _attempt;
    private volatile bool _cancelled;
    private volatile bool _taking;

    /// <summary>When the wait ends; set when it begins.</summary>
    public long Due { get; private set; }
    public int HeapIndex { get; set; } = -1;
    public LinkedListNode<ReceiveCommand>? Place { get; set; }
    public bool Cancelled => _cancelled;
    public long Queue => queue;

    /// <summary>
    /// The caller has gone. The writer drops the command when it next meets it. A caller whose messages are being taken at this moment is
    /// answered all the same, so that it can give them back: nobody else knows their receipts.
    /// </summary>
    public void Abandon(CancellationToken stop)
    {
        _cancelled = true;
        Interlocked.MemoryBarrier();
        if (!_taking)
        {
            Cancel(stop);
        }
    }

    /// <summary>A caller that has been told of a failure must not be handed a message later.</summary>
    public override void Fail(Exception reason)
    {
        _cancelled = true;
        base.Fail(reason);
    }

    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        state.Advance(now);
        Result = new Reception(ReceptionStatus.Delivered, []);
        if (_cancelled || Take(writer, state, now))
        {
            return true;
        }
        if (state.InFlight >= state.Settings.MaximumInFlight && !state.Fifo && order.Wait <= TimeSpan.Zero)
        {
            Result = new Reception(ReceptionStatus.OverLimit, []);
            return true;
        }
        if (order.Wait <= TimeSpan.Zero && state.ColdCount > 0 && !state.Reading && writer.IsFull)
        {
            Result = new Reception(ReceptionStatus.OverLimit, []);
            return true;
        }
        if (order.Wait <= TimeSpan.Zero && !state.Reading)
        {
            return true;
        }
        // Without a wait of its own it stays just until the page that is being read has come.
        var wait = order.Wait > TimeSpan.Zero ? (long)order.Wait.TotalMilliseconds : MessageWriter.MaximumLoadMillis;
        Due = (now + wait + DueGridMillis - 1) / DueGridMillis * DueGridMillis;
        writer.Park(state, this);
        return false;
    }

    /// <summary>Tries again, for a command that waits. True when it has its answer.</summary>
    public bool Retry(MessageWriter writer, QueueState state, long now) =>
        Take(writer, state, now) || (order.Wait <= TimeSpan.Zero && !state.Reading);

    private bool Take(MessageWriter writer, QueueState state, long now)
    {
        // Whoever comes second of this and Abandon sees the other.
        _taking = true;
        Interlocked.MemoryBarrier();
        if (_cancelled)
        {
            return true;
        }
        var taken = TakeNow(writer, state, now);
        // Without messages it may be abandoned again, unless it just was.
        _taking = taken;
        Interlocked.MemoryBarrier();
        return taken || _cancelled;
    }

    private bool TakeNow(MessageWriter writer, QueueState state, long now)
    {
        var visibleAt = Math.Max(1, now + (long)order.Visibility.TotalMilliseconds);
        if (order.AttemptId is not null && state.Fifo && Repeat(writer, state, visibleAt, now))
        {
            return true;
        }
        var taken = writer.Take(state, order.Maximum, visibleAt, now);
        if (taken.Count == 0)
        {
            return false;
        }
        var messages = new ReceivedMessage[taken.Count];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = ToMessage(taken[i].Entry, taken[i].Payload);
        }
        Result = new Reception(ReceptionStatus.Delivered, messages);
        if (order.AttemptId is not null && state.Fifo)
        {
            _attempt = [.. taken.Select(d => (d.Entry, d.Entry.ReceiveCount))];
            state.Attempts.Remember(order.AttemptId, _attempt, now);
        }
        return true;
    }

    /// <summary>The same messages and receipts as the call that this one repeats, as far as they are still in flight under it.</summary>
    private bool Repeat(MessageWriter writer, QueueState state, long visibleAt, long now)
    {
        var earlier = state.Attempts.Find(order.AttemptId!, now);
        var still = earlier?.Where(d => d.Entry.State == EntryState.InFlight && d.Entry.ReceiveCount == d.Delivery).ToList();
        if (still is not { Count: > 0 })
        {
            return false;
        }
        ReceivedMessage[] messages = [.. still.Select(d => ToMessage(d.Entry, writer.PayloadOf(d.Entry)))];
        foreach (var (entry, _) in still)
        {
            var latest = entry.DeliveredAt + (long)MessageBackend.MaximumInvisible.TotalMilliseconds;
            writer.State.ChangeVisibility(state, entry, Math.Min(visibleAt, latest));
        }
        Result = new Reception(ReceptionStatus.Delivered, messages);
        return true;
    }

    private static ReceivedMessage ToMessage(Entry entry, byte[] payload) => new(
        new Receipt(entry.Sequence, entry.ReceiveCount), entry.Id, payload, entry.SentAt, entry.FirstReceivedAt, entry.GroupId, entry.Source);
}
