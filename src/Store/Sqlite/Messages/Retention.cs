namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Removes what has outlived its queue's retention and nobody asked for. A receive call never hands such a message out; this pass
/// makes its space free.
/// </summary>
internal static class Retention
{
    /// <summary>Messages that one pass takes out of one queue at most, so that a pass does not hold the writer up.</summary>
    private const int MaximumPerQueue = 5_000;

    public static void Sweep(MessageWriter writer, ColdStore cold, long now)
    {
        foreach (var queue in writer.State.Queues.Values)
        {
            var oldest = now - (long)queue.Settings.Retention.TotalMilliseconds;
            foreach (var entry in queue.Entries.Values.Where(e => e.SentAt <= oldest).Take(MaximumPerQueue).ToList())
            {
                writer.State.Delete(queue, entry);
            }
            if (queue.ColdCount > 0)
            {
                writer.Tail.ExpireTail(queue, cold.Expired(queue.Id, queue.PurgedUpTo, oldest, MaximumPerQueue), now);
            }
        }
    }
}
