using Longspan.Store.Messages;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// All queues in memory and what the next checkpoint has to say about them. Each method makes one change and appends its redo record;
/// replaying a record makes the same change without one. Only the writer's thread comes here.
/// </summary>
internal sealed class MessageState
{
    private readonly Dictionary<long, QueueState> _queues = [];
    private List<Entry> _dirty = [];
    private List<(long Queue, bool Fifo)> _opened = [];
    private List<long> _dropped = [];
    private List<(long Queue, long UpTo)> _purged = [];
    private bool _reset;

    public IReadOnlyDictionary<long, QueueState> Queues => _queues;
    public RedoBuffer Redo { get; } = new();
    public Deduplication Deduplication { get; } = new();
    public long NextSequence { get; set; } = 1;
    public int DirtyCount => _dirty.Count;
    /// <summary>Queues whose waiters have something to look at, since the writer last emptied it.</summary>
    public List<QueueState> Touched { get; } = [];
    public MemoryMeter Meter { get; } = new();
    /// <summary>What all this takes in memory, near enough.</summary>
    public long Bytes => Meter.Bytes + Deduplication.Bytes;

    public QueueState? Find(long queue) => _queues.GetValueOrDefault(queue);

    public QueueState Require(long queue) => Find(queue) ?? throw new QueueGoneException(queue);

    public QueueState Open(long queue, bool fifo)
    {
        if (Find(queue) is { } known)
        {
            return known;
        }
        Redo.Open(queue, fifo);
        _opened.Add((queue, fifo));
        return Restore(queue, fifo, 0);
    }

    /// <summary>Puts in a queue that the cold store knows.</summary>
    public QueueState Restore(long queue, bool fifo, long rows)
    {
        var state = new QueueState(queue, fifo, Meter) { ColdCount = rows };
        _queues.Add(queue, state);
        Meter.Queues++;
        return state;
    }

    public void Drop(QueueState queue)
    {
        Redo.Drop(queue.Id);
        queue.Clear(long.MaxValue);
        _queues.Remove(queue.Id);
        Meter.Queues--;
        _dropped.Add(queue.Id);
    }

    public void Reset()
    {
        Redo.Reset(NextSequence);
        _queues.Clear();
        (Meter.PayloadBytes, Meter.Entries, Meter.Queues) = (0, 0, 0);
        Touched.Clear();
        Deduplication.Clear();
        _dirty = [];
        _opened = [];
        _dropped = [];
        _purged = [];
        _reset = true;
    }

    public void Purge(QueueState queue, long upTo)
    {
        Redo.Purge(queue.Id, upTo);
        queue.Clear(upTo);
        _purged.Add((queue.Id, upTo));
    }

    public Entry Send(QueueState queue, in NewMessage message, long now)
    {
        var entry = new Entry
        {
            Queue = queue.Id,
            Sequence = NextSequence++,
            Id = message.Id,
            SentAt = now,
            Payload = message.Payload,
            GroupId = message.GroupId,
            VisibleAt = message.Delay > TimeSpan.Zero ? now + (long)message.Delay.TotalMilliseconds : 0,
        };
        var expires = message.Deduplication == 0 ? 0 : now + (long)Deduplication.Window.TotalMilliseconds;
        Redo.Send(entry, message.Deduplication, expires);
        Insert(queue, entry, message.Deduplication, expires, now);
        return entry;
    }

    public void Insert(QueueState queue, Entry entry, UInt128 key, long expires, long now)
    {
        queue.Add(entry, fromTail: false, now);
        Touch(queue, entry);
        if (queue.Tap?.Take(entry, now) == false)
        {
            queue.Tap = null;
        }
        if (key != 0 && expires > now)
        {
            var deduplication = new DeduplicationEntry(queue.Id, key, expires, entry.Sequence, entry.Id);
            Deduplication.Add(deduplication, now);
        }
    }

    public void Deliver(QueueState queue, Entry entry, long visibleAt, long now)
    {
        queue.Schedule(entry, visibleAt, visibleAt == 0 ? EntryState.Ready : EntryState.InFlight);
        entry.ReceiveCount++;
        entry.DeliveredAt = now;
        if (entry.FirstReceivedAt == 0)
        {
            entry.FirstReceivedAt = now;
        }
        Redo.Deliver(entry);
        Touch(queue, entry);
    }

    public void ChangeVisibility(QueueState queue, Entry entry, long visibleAt)
    {
        queue.Schedule(entry, visibleAt, visibleAt == 0 ? EntryState.Ready : EntryState.InFlight);
        Redo.Visibility(entry);
        Touch(queue, entry);
    }

    public void Delete(QueueState queue, Entry entry)
    {
        Redo.Delete(entry);
        Remove(queue, entry);
    }

    /// <summary>The message leaves its queue and enters another at its end, in one record.</summary>
    public Entry Move(QueueState from, Entry entry, byte[] payload, QueueState to, Guid id, long sentAt, string? source, long now)
    {
        var moved = new Entry
        {
            Queue = to.Id,
            Sequence = NextSequence++,
            Id = id,
            SentAt = sentAt,
            Payload = payload,
            GroupId = entry.GroupId,
            Source = source,
        };
        Redo.Move(entry, moved);
        Remove(from, entry);
        Insert(to, moved, 0, 0, now);
        return moved;
    }

    public void Remove(QueueState queue, Entry entry)
    {
        queue.Remove(entry);
        Touch(queue, entry);
    }

    public void Touch(QueueState queue, Entry entry)
    {
        if (!queue.Touched && queue.Waiters.Count > 0)
        {
            queue.Touched = true;
            Touched.Add(queue);
        }
        if (!entry.Dirty)
        {
            entry.Dirty = true;
            _dirty.Add(entry);
        }
    }

    /// <summary>Takes what has changed since the last time, as of now.</summary>
    public Checkpoint Capture(long frame, long now)
    {
        var rows = new List<ColdRow>();
        var deleted = new List<(long, long)>();
        foreach (var entry in _dirty)
        {
            entry.Dirty = false;
            if (entry.State != EntryState.Dead)
            {
                rows.Add(new(
                    entry, entry.VisibleAt, entry.FirstReceivedAt, entry.DeliveredAt, entry.ReceiveCount, TenantOf(entry),
                    entry.Stored ? null : entry.Payload));
                entry.Stored = true;
            }
            else if (entry.Stored)
            {
                deleted.Add((entry.Queue, entry.Sequence));
            }
        }
        var checkpoint = new Checkpoint
        {
            Frame = frame,
            NextSequence = NextSequence,
            Now = now,
            Reset = _reset,
            Opened = _opened,
            Dropped = _dropped,
            Purged = _purged,
            Rows = rows,
            Deleted = deleted,
            Deduplications = Deduplication.Capture(),
        };
        _dirty = [];
        _opened = [];
        _dropped = [];
        _purged = [];
        _reset = false;
        return checkpoint;
    }

    private string? TenantOf(Entry entry) => Find(entry.Queue) is { UsesGroups: true } ? entry.GroupId ?? "" : null;

    /// <summary>Whether the checkpoint would write anything.</summary>
    public bool HasChanges =>
        _reset || _dirty.Count + Deduplication.UnsavedCount + _opened.Count + _dropped.Count + _purged.Count > 0;
}
