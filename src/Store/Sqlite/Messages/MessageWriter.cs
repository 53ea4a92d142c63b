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
    private readonly Action<Command> _post;
    private readonly SqliteMessageSettings _bounds;
    private readonly Dictionary<long, QueueSettings> _settings = [];
    private readonly IndexedHeap<ReceiveCommand> _deadlines = new();
    private readonly IndexedHeap<QueueState> _wakes = new();
    private readonly List<Command> _served = [];

    public MessageWriter(ColdStore cold, Action<Command> post, SqliteMessageSettings bounds, MessageState state)
    {
        _cold = cold;
        _post = post;
        _bounds = bounds;
        State = state;
    }

    public MessageState State { get; private set; }
    /// <summary>Counts completed checkpoints: a page read before one and applied after it would show what no longer is.</summary>
    public int Generation { get; set; }
    public int WaiterCount => _deadlines.Count;
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
        FailWaiters(queue);
        State.Drop(queue);
    }

    public void Reset()
    {
        foreach (var queue in State.Queues.Values)
        {
            FailWaiters(queue);
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
    public List<Entry> Take(QueueState queue, int maximum, long visibleAt, long now)
    {
        var taken = new List<Entry>(Math.Min(maximum, queue.Order.Available));
        var settings = queue.Settings;
        var oldest = now - (long)settings.Retention.TotalMilliseconds;
        var deadLetters = settings.MaximumReceives > 0 ? State.Find(settings.DeadLetterQueue) : null;
        queue.Order.BeginTaking();
        while (taken.Count < maximum && queue.InFlight < settings.MaximumInFlight && queue.Order.Next() is { } entry)
        {
            if (entry.SentAt <= oldest)
            {
                State.Delete(queue, entry);
            }
            else if (deadLetters is not null && deadLetters != queue && entry.ReceiveCount >= settings.MaximumReceives)
            {
                // Standard queues keep the age of a dead letter; FIFO queues start it anew.
                State.Move(queue, entry, deadLetters, entry.Id, queue.Fifo ? now : entry.SentAt, settings.SourceTag, now);
            }
            else
            {
                State.Deliver(queue, entry, visibleAt, now);
                taken.Add(entry);
            }
        }
        LoadIfLow(queue);
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

    /// <summary>Reads the next page of the queue's tail when its window runs low.</summary>
    public void LoadIfLow(QueueState queue)
    {
        if (queue.ColdCount <= 0 || queue.Loading || queue.Order.Available >= _bounds.LowWater || IsFull(queue))
        {
            return;
        }
        queue.Loading = true;
        var command = new PageCommand(queue, Math.Max(queue.ColdCursor, queue.PurgedUpTo), Generation);
        _ = Task.Run(async () =>
        {
            try
            {
                await command.ReadAsync(_cold, _bounds.PageSize, CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                command.Failure = e;
            }
            _post(command);
        });
    }

    /// <summary>
    /// Large messages fill the window before there are many. A FIFO queue whose first groups are all closed looks ahead for an open one, but not
    /// for ever: beyond this the messages wait for a group to open, as they do on AWS beyond its own bound.
    /// </summary>
    private bool IsFull(QueueState queue) => queue.Fifo
        ? queue.ReadyBytes >= _bounds.LookaheadBytes || queue.ReadyCount >= queue.Settings.MaximumInFlight
        : queue.Order.Available > 0 && queue.ReadyBytes >= _bounds.LookaheadBytes / 4;

    /// <summary>Takes a page in.</summary>
    public void TakeIn(QueueState queue, PageCommand page, long now)
    {
        queue.Loading = false;
        if (State.Find(queue.Id) != queue)
        {
            return;
        }
        if (page.Failure is null && page.Generation == Generation)
        {
            var found = 0;
            foreach (var entry in page.Entries)
            {
                if (entry.Sequence > queue.PurgedUpTo && queue.Find(entry.Sequence) is null && !queue.Buried.Contains(entry.Sequence))
                {
                    queue.ColdCount--;
                    queue.Add(entry, fromTail: true, now);
                    found++;
                }
                queue.ColdCursor = Math.Max(queue.ColdCursor, entry.Sequence);
            }
            FinishPage(queue, page, found);
            queue.LinkParked(now);
        }
        if (page.Failure is null)
        {
            LoadIfLow(queue);
        }
        if (!queue.Touched)
        {
            queue.Touched = true;
            State.Touched.Add(queue);
        }
    }

    /// <summary>Deletes messages of the tail that have outlived their time.</summary>
    public void ExpireTail(QueueState queue, List<Entry> expired, long now)
    {
        foreach (var entry in expired)
        {
            if (queue.Find(entry.Sequence) is null && !queue.Buried.Contains(entry.Sequence))
            {
                queue.ColdCount--;
                queue.Add(entry, fromTail: true, now);
                State.Delete(queue, entry);
            }
        }
        queue.LinkParked(now);
    }

    /// <summary>A page of the tail, for a look that came too late for its own each time. Holds the writer up for the time of one read.</summary>
    public TailPage ReadTail(QueueState queue, long after)
    {
        var (entries, atEnd) = _cold.NextAsync(queue.Id, after, PeekCommand.TailRows(_bounds), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return new TailPage(after, entries, atEnd, Generation);
    }

    public void FailAllWaiters(Exception reason)
    {
        while (_deadlines.First is { } waiter)
        {
            Leave(waiter);
            waiter.Fail(reason);
        }
    }

    private static void FinishPage(QueueState queue, PageCommand page, int found)
    {
        queue.VainScans = found > 0 ? 0 : queue.VainScans;
        if (!page.AtEnd || queue.ColdCount <= 0)
        {
            return;
        }
        // The count says that there is more, the table says that there is not: look once more from the start, then believe the table.
        queue.ColdCursor = queue.PurgedUpTo;
        if (++queue.VainScans > 1)
        {
            queue.ColdCount = 0;
            queue.VainScans = 0;
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
                LoadIfLow(queue);
                if (!waiter.Retry(this, queue, now))
                {
                    break;
                }
                _served.Add(waiter);
            }
            Leave(waiter);
        }
        LookAt(queue);
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

    private void FailWaiters(QueueState queue)
    {
        while (queue.Waiters.First?.Value is { } waiter)
        {
            Leave(waiter);
            waiter.Fail(new QueueGoneException(queue.Id));
        }
        Unschedule(queue);
    }
}
