using Longspan.Store.Messages;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// One queue in memory. What is here: every message in flight or delayed, and a window of ready ones, oldest first. What is not:
/// the tail, ready messages that only the cold store holds, all newer than the window. While there is a tail, newly sent messages
/// are <i>parked</i>: they wait in memory for the next checkpoint, which makes them part of the tail, or for the tail to run out.
/// Only the writer's thread comes here.
/// </summary>
internal sealed class QueueState(long id, bool fifo, MemoryMeter meter) : IHeapItem
{
    private readonly Dictionary<long, Entry> _entries = [];
    private readonly IndexedHeap<Entry> _scheduled = new();
    private readonly EntryList _parked = new();
    private int _linkedReady;
    private int _delayed;

    public long Id { get; } = id;
    public bool Fifo { get; } = fifo;
    public QueueSettings Settings { get; set; } = new() { Fifo = fifo };
    public DeliveryOrder Order { get; } = fifo ? new FifoOrder() : new StandardOrder();
    public Attempts Attempts { get; } = new();
    public LinkedList<ReceiveCommand> Waiters { get; } = new();
    /// <summary>Deleted messages whose cold rows the next checkpoint removes; a page-in must not bring them back.</summary>
    public HashSet<long> Buried { get; } = [];
    /// <summary>Set while somebody watches what enters the queue.</summary>
    public QueueTap? Tap { get; set; }
    /// <summary>Something changed that a waiter may be waiting for.</summary>
    public bool Touched { get; set; }

    /// <summary>Live messages that are in the cold store only.</summary>
    public long ColdCount { get; set; }
    /// <summary>Everything of the tail has a greater sequence number than this, or is in memory.</summary>
    public long ColdCursor { get; set; }
    /// <summary>Nothing of the tail has a greater sequence number than this.</summary>
    public long ColdMaximum { get; set; }
    /// <summary>Cold rows up to here are dead, whatever they say.</summary>
    public long PurgedUpTo { get; set; }
    /// <summary>How far a sweep for expired messages has come that goes on; zero when none does.</summary>
    public long ExpiredUpTo { get; set; }
    public bool Loading { get; set; }
    /// <summary>A standard queue some of whose messages are in groups: it is a fair queue.</summary>
    public bool UsesGroups { get; set; }
    public TailScout Scout { get; } = new();
    /// <summary>Something is being read for which a receive call had better wait.</summary>
    public bool Reading => Loading || Scout.Reading;
    /// <summary>Scans of the whole tail since one last found something.</summary>
    public int VainScans { get; set; }

    /// <summary>When the writer has to look at this queue for its waiters' sake.</summary>
    public long Due { get; set; }
    public int HeapIndex { get; set; } = -1;

    public int InFlight { get; private set; }
    public IReadOnlyDictionary<long, Entry> Entries => _entries;
    public EntryList Parked => _parked;
    /// <summary>Payload in memory.</summary>
    public long PayloadBytes { get; private set; }
    /// <summary>The part of <see cref="PayloadBytes"/> that waits for the next checkpoint outside the window.</summary>
    public long ParkedBytes { get; private set; }
    /// <summary>Payload of the window's ready messages, whether or not their group is open.</summary>
    public long ReadyBytes { get; private set; }
    public int ReadyCount => _linkedReady;
    /// <summary>When the next delayed or in-flight message becomes visible.</summary>
    public long NextDue => _scheduled.First?.Due ?? long.MaxValue;
    public QueueDepth Depth => new(_linkedReady + _parked.Count + ColdCount, InFlight, _delayed);

    public Entry? Find(long sequence) => _entries.GetValueOrDefault(sequence);

    /// <summary>Takes in a message that was just sent, moved here or read back.</summary>
    public void Add(Entry entry, bool fromTail, long now)
    {
        Hold(entry);
        UsesGroups |= !Fifo && entry.GroupId is not null;
        // A standard queue keeps delayed messages out of the tail, so that the tail is all visible and can be counted.
        if (!fromTail && ColdCount > 0 && (Fifo || entry.VisibleAt <= now) && !(Order is StandardOrder order && order.Prefers(entry)))
        {
            entry.State = EntryState.Ready;
            _parked.AddLast(entry);
            ParkedBytes += entry.Payload.Length;
            return;
        }
        Link(entry, now);
    }

    /// <summary>When the tail has run out, what was parked is next. Whoever takes from the tail or parks something calls this afterwards.</summary>
    public void LinkParked(long now)
    {
        if (ColdCount > 0)
        {
            return;
        }
        while (_parked.First is { } entry)
        {
            Unpark(entry);
            Link(entry, now);
        }
    }

    /// <summary>Puts parked messages of quiet groups before the tail. True when there were any.</summary>
    public bool LinkPreferred(StandardOrder order, long now)
    {
        var any = false;
        for (var entry = _parked.First; entry is not null;)
        {
            var next = entry.Next;
            if (order.Prefers(entry))
            {
                Unpark(entry);
                Link(entry, now);
                any = true;
            }
            entry = next;
        }
        return any;
    }

    /// <summary>Makes visible what is due.</summary>
    public void Advance(long now)
    {
        Order.Advance(now);
        while (_scheduled.First is { } entry && entry.VisibleAt <= now)
        {
            Schedule(entry, 0, EntryState.Ready);
        }
    }

    /// <summary>Hands an entry out, or changes how long it stays invisible. Zero makes it visible.</summary>
    public void Schedule(Entry entry, long visibleAt, EntryState state)
    {
        if (entry.HeapIndex >= 0)
        {
            _scheduled.Remove(entry);
        }
        if (entry.List == _parked)
        {
            // Only a replayed delivery comes here: its reception happened when the tail had already been read.
            Unpark(entry);
            entry.VisibleAt = 0;
            Link(entry, 0);
        }
        var before = entry.State;
        entry.VisibleAt = visibleAt;
        if (before != state)
        {
            Count(entry, -1);
            entry.State = state;
            Count(entry, 1);
            Order.Changed(entry, before);
        }
        if (visibleAt != 0)
        {
            _scheduled.Add(entry);
        }
    }

    /// <summary>The message is no more. The entry stays behind as a tombstone for the checkpoint.</summary>
    public void Remove(Entry entry)
    {
        Detach(entry);
        if (entry.Stored)
        {
            Buried.Add(entry.Sequence);
        }
        entry.State = EntryState.Dead;
        entry.Payload = [];
    }

    /// <summary>
    /// Forgets an entry that the cold store holds in its present state, or parks it until it does. False when neither may be: what is
    /// parked comes after the tail, so a FIFO queue must not park what is older than a message of its tail.
    /// </summary>
    public bool TryEvict(Entry entry)
    {
        if (entry.Dirty && (entry.List == _parked || (Fifo && entry.Sequence <= ColdMaximum)))
        {
            return false;
        }
        Detach(entry);
        if (entry.Dirty)
        {
            Hold(entry);
            entry.State = EntryState.Ready;
            _parked.AddSorted(entry);
            ParkedBytes += entry.Payload.Length;
            return true;
        }
        ColdCount++;
        ColdCursor = Math.Min(ColdCursor, entry.Sequence - 1);
        ColdMaximum = Math.Max(ColdMaximum, entry.Sequence);
        return true;
    }

    public void Clear(long upTo)
    {
        foreach (var entry in _entries.Values.Where(e => e.Sequence <= upTo).ToList())
        {
            Remove(entry);
        }
        ColdCount = 0;
        PurgedUpTo = Math.Max(PurgedUpTo, upTo);
        ColdCursor = PurgedUpTo;
        Buried.Clear();
        Attempts.Clear();
    }

    /// <summary>
    /// Leaves the payload to the cold store, which has it. Not for ready messages: theirs is what the window is for.
    /// </summary>
    public void DropPayload(Entry entry)
    {
        if (entry.State is (EntryState.InFlight or EntryState.Delayed) && !entry.PayloadOnDisk)
        {
            Charge(-entry.Payload.Length);
            entry.Payload = [];
            entry.PayloadOnDisk = true;
        }
    }

    private void Hold(Entry entry)
    {
        _entries.Add(entry.Sequence, entry);
        meter.Entries++;
        Charge(entry.Payload.Length);
    }

    private void Charge(long bytes)
    {
        PayloadBytes += bytes;
        meter.PayloadBytes += bytes;
    }

    private void Link(Entry entry, long now)
    {
        if (entry.VisibleAt > now)
        {
            entry.State = entry.ReceiveCount > 0 ? EntryState.InFlight : EntryState.Delayed;
            _scheduled.Add(entry);
        }
        else
        {
            entry.VisibleAt = 0;
            entry.State = EntryState.Ready;
        }
        Count(entry, 1);
        Order.Link(entry);
    }

    private void Detach(Entry entry)
    {
        _entries.Remove(entry.Sequence);
        meter.Entries--;
        Charge(-entry.Payload.Length);
        if (entry.List == _parked)
        {
            Unpark(entry);
            return;
        }
        if (entry.HeapIndex >= 0)
        {
            _scheduled.Remove(entry);
        }
        Count(entry, -1);
        Order.Unlink(entry);
    }

    private void Unpark(Entry entry)
    {
        _parked.Remove(entry);
        ParkedBytes -= entry.Payload.Length;
    }

    private void Count(Entry entry, int by)
    {
        switch (entry.State)
        {
            case EntryState.Ready:
                _linkedReady += by;
                ReadyBytes += by * entry.Payload.Length;
                break;
            case EntryState.Delayed:
                _delayed += by;
                break;
            case EntryState.InFlight:
                InFlight += by;
                break;
        }
    }
}
