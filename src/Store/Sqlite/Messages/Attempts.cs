namespace Longspan.Store.Sqlite.Messages;

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
