namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Removes what has outlived its queue's retention and nobody asked for. A receive call never hands such a message out; this pass
/// makes its space free.
/// </summary>
internal static class Retention
{
    /// <summary>Messages that one pass takes out of one queue at most, so that a pass does not hold the writer up.</summary>
    private const int MaximumPerQueue = 10_000;

    /// <summary>True when it had to leave some for another pass.</summary>
    public static bool Sweep(MessageWriter writer, ColdStore cold, long now)
    {
        var more = false;
        writer.State.Deduplication.Expire(now);
        foreach (var queue in writer.State.Queues.Values)
        {
            var oldest = now - (long)queue.Settings.Retention.TotalMilliseconds;
            var inMemory = queue.Entries.Values.Where(e => e.SentAt <= oldest).Take(MaximumPerQueue).ToList();
            inMemory.ForEach(e => writer.State.Delete(queue, e));
            more |= inMemory.Count == MaximumPerQueue;
            if (queue.ColdCount > 0)
            {
                var (expired, goesOn) = cold.Expired(queue.Id, Math.Max(queue.PurgedUpTo, queue.ExpiredUpTo), oldest, MaximumPerQueue);
                writer.Tail.ExpireTail(queue, expired, now);
                // What has been read stays in the table until the next checkpoint: the next pass goes on behind it.
                queue.ExpiredUpTo = goesOn ? expired[^1].Sequence : 0;
                more |= goesOn;
            }
        }
        return more;
    }
}
