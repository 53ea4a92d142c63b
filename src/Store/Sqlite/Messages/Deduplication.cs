namespace Longspan.Store.Sqlite.Messages;

/// <summary>A send that must not happen twice before <see cref="ExpiresAt"/>.</summary>
internal readonly record struct DeduplicationEntry(long Queue, UInt128 Key, long ExpiresAt, long Sequence, Guid Id);

/// <summary>
/// What a FIFO queue was sent in the last five minutes, by digest. Bounded by time: entries leave in the order in which they came.
/// </summary>
internal sealed class Deduplication
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly Dictionary<UInt128, DeduplicationEntry> _byKey = [];
    private readonly Queue<(UInt128 Key, long ExpiresAt)> _order = new();

    public bool TryFind(UInt128 key, long now, out DeduplicationEntry entry)
    {
        Expire(now);
        return _byKey.TryGetValue(key, out entry) && entry.ExpiresAt > now;
    }

    public void Add(in DeduplicationEntry entry, long now)
    {
        Expire(now);
        _byKey[entry.Key] = entry;
        _order.Enqueue((entry.Key, entry.ExpiresAt));
    }

    private void Expire(long now)
    {
        while (_order.TryPeek(out var oldest) && oldest.ExpiresAt <= now)
        {
            _order.Dequeue();
            if (_byKey.TryGetValue(oldest.Key, out var entry) && entry.ExpiresAt <= now)
            {
                _byKey.Remove(oldest.Key);
            }
        }
    }
}

/// <summary>
/// Receive calls by their attempt id, so that a caller that lost the answer can ask for it again. In memory only: after a restart
/// such a repetition is an ordinary call, and the lost messages come back when their visibility runs out.
/// </summary>
internal sealed class Attempts
{
    private const int MaximumRemembered = 10_000;

    private readonly Dictionary<string, List<(Entry Entry, int Delivery)>> _byId = new(StringComparer.Ordinal);
    private readonly Queue<(string Id, long ExpiresAt)> _order = new();

    public IReadOnlyList<(Entry Entry, int Delivery)>? Find(string id, long now)
    {
        while (_order.TryPeek(out var oldest) && (oldest.ExpiresAt <= now || _order.Count > MaximumRemembered))
        {
            _order.Dequeue();
            _byId.Remove(oldest.Id);
        }
        return _byId.GetValueOrDefault(id);
    }

    public void Remember(string id, List<(Entry Entry, int Delivery)> delivered, long now)
    {
        if (_byId.TryAdd(id, delivered))
        {
            _order.Enqueue((id, now + (long)Deduplication.Window.TotalMilliseconds));
        }
        else
        {
            _byId[id] = delivered;
        }
    }

    public void Clear()
    {
        _byId.Clear();
        _order.Clear();
    }
}
