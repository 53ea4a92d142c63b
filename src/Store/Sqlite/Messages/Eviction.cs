namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Keeps what all queues together have in memory within their bound. Runs right after a checkpoint, when most entries are clean, and between
/// checkpoints when pages have filled the memory. Never while one is being written: then it is not known what the cold store has.
/// </summary>
internal static class Eviction
{
    public static void Run(MessageState state, SqliteMessageSettings bounds, long now)
    {
        if (state.Meter.PayloadBytes <= bounds.WindowBytes)
        {
            return;
        }
        var busy = state.Queues.Values.Where(q => q.PayloadBytes > 0).ToList();
        foreach (var queue in busy)
        {
            EvictParked(queue);
            DropPayloads(queue);
        }
        if (state.Meter.PayloadBytes <= bounds.WindowBytes)
        {
            return;
        }
        var share = Math.Max(bounds.MinimumShare, bounds.WindowBytes / 2 / Math.Max(1, busy.Count));
        foreach (var queue in busy.Where(q => q.PayloadBytes > share))
        {
            EvictWindow(queue, share);
            queue.LinkParked(now);
        }
    }

    /// <summary>A message in flight or delayed is not asked for soon; if it comes back its payload is read again.</summary>
    private static void DropPayloads(QueueState queue)
    {
        foreach (var entry in queue.Entries.Values)
        {
            if (entry.Stored)
            {
                queue.DropPayload(entry);
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
