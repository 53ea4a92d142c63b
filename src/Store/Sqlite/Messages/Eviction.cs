namespace Longspan.Store.Sqlite.Messages;

/// <summary>Keeps the windows of all queues together within their bound. Runs right after a checkpoint, when most entries are clean.</summary>
internal static class Eviction
{
    public static void Run(MessageState state, SqliteMessageSettings bounds, long now)
    {
        if (state.PayloadBytes <= bounds.WindowBytes)
        {
            return;
        }
        var busy = state.Queues.Values.Where(q => q.PayloadBytes > 0).ToList();
        var share = Math.Max(bounds.MinimumShare, bounds.WindowBytes / 2 / Math.Max(1, busy.Count));
        foreach (var queue in busy)
        {
            EvictParked(queue);
            if (queue.PayloadBytes > share)
            {
                EvictWindow(queue, share);
                queue.LinkParked(now);
            }
        }
    }

    private static void EvictParked(QueueState queue)
    {
        for (var entry = queue.Parked.First; entry is not null;)
        {
            var next = entry.Next;
            if (!queue.TryEvict(entry) && queue.Fifo)
            {
                // A later one in the tail would be read back before this one is.
                return;
            }
            entry = next;
        }
    }

    private static void EvictWindow(QueueState queue, long share)
    {
        foreach (var entry in queue.Order.EvictionCandidates())
        {
            if (queue.PayloadBytes - queue.ParkedBytes <= share)
            {
                return;
            }
            if (!queue.TryEvict(entry))
            {
                return;
            }
        }
    }
}
