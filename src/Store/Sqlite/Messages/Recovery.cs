namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Builds the state in memory from disk: the cold store's frame, then the journal's frames after it. A record about a message
/// that is in the cold store's tail brings that message into memory first; for FIFO queues all before it too, because what is in
/// memory must never be newer than what is not.
/// </summary>
internal sealed class Recovery
{
    private readonly ColdStore _cold;
    private readonly MessageState _state = new();
    private readonly long _now;
    private readonly Damage _damage;

    private Recovery(ColdStore cold, long now, Damage damage)
    {
        _cold = cold;
        _now = now;
        _damage = damage;
    }

    /// <summary>Reads only. With damage found before or on the way, gaps are stepped over: records about what is lost have no effect.</summary>
    public static MessageState Run(ColdStore cold, Journal journal, long now, Damage damage)
    {
        var recovery = new Recovery(cold, now, damage);
        recovery.LoadCold();
        journal.Replay(cold.Meta("frame"), recovery.Apply, damage);
        recovery._state.Redo.Clear();
        foreach (var queue in recovery._state.Queues.Values)
        {
            queue.Advance(now);
            queue.LinkParked(now);
        }
        return recovery._state;
    }

    private void LoadCold()
    {
        _state.NextSequence = Math.Max(1, _cold.Meta("next_sequence"));
        foreach (var (id, fifo, rows) in _cold.Queues())
        {
            var queue = _state.Restore(id, fifo, rows);
            if (rows == 0)
            {
                continue;
            }
            queue.ColdMaximum = _state.NextSequence - 1;
            queue.UsesGroups = !fifo && _cold.HasTenants(id);
            var scheduled = _cold.Scheduled(id);
            if (fifo && scheduled.Count > 0)
            {
                LoadUpTo(queue, scheduled[^1].Sequence);
                continue;
            }
            foreach (var entry in scheduled)
            {
                TakeIn(queue, entry);
            }
        }
        foreach (var entry in _cold.Deduplications(_now))
        {
            if (_state.Find(entry.Queue) is not null)
            {
                _state.Deduplication.Restore(entry, _now);
            }
        }
    }

    private void Apply(ReadOnlySpan<byte> records)
    {
        var reader = new RedoReader(records);
        while (!reader.AtEnd)
        {
            ApplyOne(ref reader);
            _state.Redo.Clear();
        }
    }

    private void ApplyOne(ref RedoReader reader)
    {
        var kind = reader.Kind();
        var id = reader.Long();
        var queue = _state.Find(id);
        switch (kind)
        {
            case RedoKind.Open:
                _state.Open(id, reader.Flag());
                break;
            case RedoKind.Reset:
                _state.Reset();
                _state.NextSequence = Math.Max(_state.NextSequence, id);
                break;
            case RedoKind.Drop:
                if (queue is not null)
                {
                    _state.Drop(queue);
                }
                break;
            case RedoKind.Purge:
                var upTo = reader.Long();
                if (queue is not null)
                {
                    _state.Purge(queue, upTo);
                }
                break;
            case RedoKind.Send:
                ApplySend(id, queue, ref reader);
                break;
            case RedoKind.Deliver:
            case RedoKind.DeliverAt:
                ApplyDeliver(queue, ref reader, kind == RedoKind.DeliverAt);
                break;
            case RedoKind.Visibility:
                ApplyVisibility(queue, ref reader);
                break;
            case RedoKind.Delete:
                if (Bring(queue, reader.Long()) is { } deleted)
                {
                    _state.Remove(queue!, deleted);
                }
                break;
            case RedoKind.Move:
                ApplyMove(queue, ref reader);
                break;
            default:
                throw new InvalidDataException($"The message journal holds a record of kind {kind}; it was written by a newer version.");
        }
    }

    private void ApplySend(long number, QueueState? queue, ref RedoReader reader)
    {
        var sequence = reader.Long();
        var id = reader.Identity();
        var sentAt = reader.Long();
        var visibleAt = reader.Long();
        var key = reader.Wide();
        var expires = reader.Long();
        var group = reader.Text();
        var payload = reader.Payload();
        _state.NextSequence = Math.Max(_state.NextSequence, sequence + 1);
        if (_damage.Found)
        {
            // The record that opened the queue may be lost, and the cold store may be newer than it says.
            queue ??= _state.Open(number, key != 0);
            if (Bring(queue, sequence) is not null)
            {
                return;
            }
        }
        if (queue is not null)
        {
            var entry = new Entry
            {
                Queue = queue.Id, Sequence = sequence, Id = id, SentAt = sentAt, VisibleAt = visibleAt, GroupId = group, Payload = payload,
            };
            _state.Insert(queue, entry, key, expires, _now);
        }
    }

    private void ApplyDeliver(QueueState? queue, ref RedoReader reader, bool statesMoment)
    {
        var sequence = reader.Long();
        var visibleAt = reader.Long();
        var firstReceivedAt = reader.Long();
        var deliveredAt = statesMoment ? reader.Long() : 0;
        var count = reader.Integer();
        if (Bring(queue, sequence) is { } entry)
        {
            queue!.Schedule(entry, visibleAt, visibleAt == 0 ? EntryState.Ready : EntryState.InFlight);
            entry.FirstReceivedAt = firstReceivedAt;
            entry.DeliveredAt = deliveredAt;
            entry.ReceiveCount = count;
            _state.Touch(queue, entry);
        }
    }

    private void ApplyVisibility(QueueState? queue, ref RedoReader reader)
    {
        var sequence = reader.Long();
        var visibleAt = reader.Long();
        if (Bring(queue, sequence) is { } entry)
        {
            _state.ChangeVisibility(queue!, entry, visibleAt);
        }
    }

    private void ApplyMove(QueueState? queue, ref RedoReader reader)
    {
        var sequence = reader.Long();
        var to = reader.Long();
        var destination = _state.Find(to);
        var newSequence = reader.Long();
        var id = reader.Identity();
        var sentAt = reader.Long();
        var source = reader.Text();
        if (Bring(queue, sequence) is not { } entry)
        {
            _state.NextSequence = Math.Max(_state.NextSequence, newSequence + 1);
            return;
        }
        if (_damage.Found)
        {
            destination ??= _state.Open(to, queue!.Fifo);
        }
        _state.NextSequence = newSequence;
        if (destination is null)
        {
            // The destination was dropped later: so is the message.
            _state.Remove(queue!, entry);
            return;
        }
        _state.Move(queue!, entry, entry.PayloadOnDisk ? _cold.Payload(entry) : entry.Payload, destination, id, sentAt, source, _now);
    }

    /// <summary>The message in memory, read back from the tail if that is where it is; null when it is no more.</summary>
    private Entry? Bring(QueueState? queue, long sequence)
    {
        if (queue is null)
        {
            return null;
        }
        if (queue.Find(sequence) is { } entry)
        {
            return entry;
        }
        if (queue.ColdCount == 0 || sequence <= queue.PurgedUpTo)
        {
            return null;
        }
        if (queue.Fifo)
        {
            LoadUpTo(queue, sequence);
        }
        else
        {
            foreach (var row in _cold.Range(queue.Id, sequence - 1, sequence))
            {
                TakeIn(queue, row);
            }
        }
        return queue.Find(sequence);
    }

    private void LoadUpTo(QueueState queue, long sequence)
    {
        foreach (var row in _cold.Range(queue.Id, Math.Max(queue.ColdCursor, queue.PurgedUpTo), sequence))
        {
            if (queue.Find(row.Sequence) is null)
            {
                TakeIn(queue, row);
            }
        }
        queue.ColdCursor = Math.Max(queue.ColdCursor, sequence);
    }

    private void TakeIn(QueueState queue, Entry entry)
    {
        queue.ColdCount--;
        queue.Add(entry, fromTail: true, _now);
    }
}
