using Longspan.Store.Messages;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// The single writer: owns the state, applies commands in their order of arrival, makes each group durable with one fsync and only then
/// answers. Nothing here takes a lock, because nobody else comes here. <see cref="WriterLoop"/> feeds it.
/// </summary>
internal sealed class MessageWriter
{
    /// <summary>A receive that found its queue's next page still on disk waits this long for it at most.</summary>
    public const long MaximumLoadMillis = 5_000;

    private readonly ColdStore _cold;
    private readonly SqliteMessageSettings _bounds;
    private readonly Dictionary<long, QueueSettings> _settings = [];
    private readonly IndexedHeap<ReceiveCommand> _deadlines = new();
    private readonly IndexedHeap<QueueState> _wakes = new();
    private readonly List<Command> _served = [];

    public MessageWriter(ColdStore cold, Action<Command> post, SqliteMessageSettings bounds, MessageState state)
    {
        _cold = cold;
        _bounds = bounds;
        State = state;
        Tail = new TailReader(this, cold, post, bounds);
    }

    public MessageState State { get; private set; }
    public TailReader Tail { get; }
    /// <summary>Counts completed checkpoints: a page read before one and applied after it would show what no longer is.</summary>
    public int Generation { get; set; }
    public int WaiterCount => _deadlines.Count;
    /// <summary>A read of the cold store that failed since the loop last looked.</summary>
    public IOException? Unreadable { get; set; }
    /// <summary>When something happens although nobody asks.</summary>
    public long NextDue => Math.Min(_deadlines.First?.Due ?? long.MaxValue, _wakes.First?.Due ?? long.MaxValue);

    public void Configure(long queue, QueueSettings settings)
    {
        _settings[queue] = settings;
        State.Require(queue).Settings = settings;
    }

    public void Drop(QueueState queue)
    {
        _settings.Remove(queue.Id);
        FailWaiters(queue, new QueueGoneException(queue.Id));
        State.Drop(queue);
    }

    public void Reset()
    {
        foreach (var queue in State.Queues.Values)
        {
            FailWaiters(queue, new QueueGoneException(queue.Id));
        }
        _settings.Clear();
        State.Reset();
    }

    /// <summary>After a failed write: everything in memory is void, and the disk's state takes its place. Waiters stay in line.</summary>
    public void Replace(MessageState state)
    {
        var waiters = State.Queues.Values.SelectMany(q => q.Waiters).ToList();
        foreach (var queue in State.Queues.Values)
        {
            Unschedule(queue);
        }
        State = state;
        Generation++;
        foreach (var (id, settings) in _settings)
        {
            if (state.Find(id) is { } queue)
            {
                queue.Settings = settings;
            }
        }
        foreach (var waiter in waiters)
        {
            waiter.Place = null;
            if (state.Find(waiter.Queue) is { } queue)
            {
                waiter.Place = queue.Waiters.AddLast(waiter);
                LookAt(queue);
                continue;
            }
            _deadlines.Remove(waiter);
            waiter.Fail(new QueueGoneException(waiter.Queue));
        }
    }

    /// <summary>The message's payload, from wherever it is. May read the disk, and throw what that throws.</summary>
    public byte[] PayloadOf(Entry entry) => entry.PayloadOnDisk ? _cold.Payload(entry) : entry.Payload;

    /// <summary>Reads before anything happens to the message. When the disk refuses, a call that has others already ends with those.</summary>
    private bool TryRead(Entry entry, bool hasOthers, out byte[] payload)
    {
        try
        {
            payload = PayloadOf(entry);
            return true;
        }
        catch (IOException fault) when (hasOthers)
        {
            Unreadable ??= fault;
            payload = [];
            return false;
        }
    }

    public bool IsFull => State.Bytes >= _bounds.MemoryBytes;

    /// <summary>Refuses what would make memory grow when it is full.</summary>
    public void RequireRoom()
    {
        if (IsFull)
        {
            throw new MessageStoreFullException();
        }
    }

    /// <summary>The send of the last minutes that one with this key would repeat.</summary>
    public DeduplicationEntry? FindEarlier(long queue, UInt128 key, long now) =>
        State.Deduplication.TryFind(queue, key, now, _cold, out var entry) ? entry : null;

    /// <summary>What a receipt is worth now. For everything but <see cref="ReceiptOutcome.Gone"/> the entry is in memory.</summary>
    public ReceiptOutcome Judge(QueueState queue, Receipt receipt, long now, out Entry? entry)
    {
        entry = queue.Find(receipt.Sequence) ?? FromTail(queue, receipt.Sequence, now);
        if (entry is null)
        {
            return ReceiptOutcome.Gone;
        }
        if (entry.ReceiveCount != receipt.Delivery)
        {
            return ReceiptOutcome.Superseded;
        }
        return entry.State == EntryState.InFlight ? ReceiptOutcome.Done : ReceiptOutcome.Expired;
    }

    /// <summary>Hands out up to <paramref name="maximum"/> messages; expired ones go, worn-out ones go to the dead-letter queue.</summary>
    public List<Delivery> Take(QueueState queue, int maximum, long visibleAt, long now)
    {
        var taken = new List<Delivery>(Math.Min(maximum, queue.Order.Available));
        var settings = queue.Settings;
        var oldest = now - (long)settings.Retention.TotalMilliseconds;
        var deadLetters = settings.MaximumReceives > 0 ? State.Find(settings.DeadLetterQueue) : null;
        queue.Order.BeginTaking();
        while (taken.Count < maximum && queue.InFlight < settings.MaximumInFlight && queue.Order.Next() is { } entry)
        {
            if (queue.UsesGroups)
            {
                var sight = Tail.SeekQuiet(queue, now);
                if (sight == QuietSight.Reading)
                {
                    break;
                }
                if (sight == QuietSight.Found)
                {
                    continue;
                }
            }
            if (entry.SentAt <= oldest)
            {
                State.Delete(queue, entry);
            }
            else if (!TryRead(entry, taken.Count > 0, out var payload))
            {
                break;
            }
            else if (deadLetters is not null && deadLetters != queue && entry.ReceiveCount >= settings.MaximumReceives)
            {
                // Standard queues keep the age of a dead letter; FIFO queues start it anew.
                State.Move(queue, entry, payload, deadLetters, entry.Id, queue.Fifo ? now : entry.SentAt, settings.SourceTag, now);
            }
            else
            {
                State.Deliver(queue, entry, visibleAt, now);
                if (entry.FromTail)
                {
                    queue.DropPayload(entry);
                }
                taken.Add(new Delivery(entry, payload));
            }
        }
        Tail.LoadIfLow(queue);
        return taken;
    }

    public void Park(QueueState queue, ReceiveCommand command)
    {
        command.Place = queue.Waiters.AddLast(command);
        _deadlines.Add(command);
        LookAt(queue);
    }

    /// <summary>Serves who waits, after the commands of a group and whenever time has passed. Answers are given by <see cref="Served"/>.</summary>
    public void ServeWaiters(long now)
    {
        while (_wakes.First is { } queue && queue.Due <= now)
        {
            Serve(queue, now);
        }
        // Serving dead-letters messages into other queues, which are appended while this runs.
        for (var i = 0; i < State.Touched.Count; i++)
        {
            State.Touched[i].Touched = false;
            Serve(State.Touched[i], now);
        }
        State.Touched.Clear();
        while (_deadlines.First is { } late && late.Due <= now)
        {
            Leave(late);
            _served.Add(late);
        }
    }

    /// <summary>Receive commands that have stopped waiting; the caller completes them after the fsync and clears the list.</summary>
    public List<Command> Served => _served;

    public void FailAllWaiters(Exception reason)
    {
        while (_deadlines.First is { } waiter)
        {
            Leave(waiter);
            waiter.Fail(reason);
        }
    }

    private Entry? FromTail(QueueState queue, long sequence, long now)
    {
        if (queue.ColdCount <= 0 || sequence <= queue.PurgedUpTo || queue.Buried.Contains(sequence) || _cold.One(queue.Id, sequence) is not { } entry)
        {
            return null;
        }
        if (queue.Fifo)
        {
            // Not taken in: that would put it before older messages of its group. It is visible, so its receipt has expired.
            entry.State = EntryState.Ready;
            return entry;
        }
        queue.ColdCount--;
        queue.Add(entry, fromTail: true, now);
        queue.LinkParked(now);
        return entry;
    }

    private void Serve(QueueState queue, long now)
    {
        if (State.Find(queue.Id) != queue)
        {
            Unschedule(queue);
            return;
        }
        queue.Advance(now);
        while (queue.Waiters.First?.Value is { } waiter)
        {
            if (!waiter.Cancelled)
            {
                Tail.LoadIfLow(queue);
                if (!TryServe(queue, waiter, now))
                {
                    break;
                }
                _served.Add(waiter);
            }
            Leave(waiter);
        }
        LookAt(queue);
    }

    private bool TryServe(QueueState queue, ReceiveCommand waiter, long now)
    {
        try
        {
            return waiter.Retry(this, queue, now);
        }
        catch (IOException fault)
        {
            TellUnreadable(queue, fault);
            return false;
        }
    }

    private void Leave(ReceiveCommand waiter)
    {
        _deadlines.Remove(waiter);
        waiter.Place!.List!.Remove(waiter.Place);
        waiter.Place = null;
    }

    private void LookAt(QueueState queue)
    {
        Unschedule(queue);
        if (queue.Waiters.Count > 0 && queue.NextDue != long.MaxValue)
        {
            queue.Due = queue.NextDue;
            _wakes.Add(queue);
        }
    }

    private void Unschedule(QueueState queue)
    {
        if (queue.HeapIndex >= 0)
        {
            _wakes.Remove(queue);
        }
    }

    /// <summary>Messages of the queue cannot be read. An empty answer would say that there are none.</summary>
    public void TellUnreadable(QueueState queue, IOException fault)
    {
        Unreadable ??= fault;
        FailWaiters(queue, new MessageStoreUnavailableException("The message store cannot be read.", fault));
    }

    private void FailWaiters(QueueState queue, Exception reason)
    {
        while (queue.Waiters.First?.Value is { } waiter)
        {
            Leave(waiter);
            waiter.Fail(reason);
        }
        Unschedule(queue);
    }
}

/// <summary>A message that is being handed out.</summary>
internal readonly record struct Delivery(Entry Entry, byte[] Payload);
