namespace Longspan.Store.Sqlite.Messages;

/// <summary>What is known of quiet groups' messages outside the window.</summary>
internal enum QuietSight
{
    None,
    /// <summary>A page is being read that may hold some.</summary>
    Reading,
    /// <summary>They are in the order now.</summary>
    Found,
}

/// <summary>
/// Brings messages of the tails back into memory: pages in sequence order when a window runs low, and pages of quiet groups when a window is full of
/// a noisy one's. Reading happens on other threads; a page becomes part of the state on the writer's.
/// </summary>
internal sealed class TailReader(MessageWriter writer, ColdStore cold, Action<Command> post, SqliteMessageSettings bounds)
{
    /// <summary>Bytes, but at least one message.</summary>
    private const int SmallestPage = 16 * 1024;

    /// <summary>Reads the next page of the queue's tail when its window runs low.</summary>
    public void LoadIfLow(QueueState queue)
    {
        if (queue.ColdCount <= 0 || queue.Loading || queue.Order.Available >= bounds.LowWater || IsFull(queue))
        {
            return;
        }
        // With the memory full of other queues' messages, a queue that has nothing gets a little, and one that has something waits. Looking ahead may
        // use more than the window does, but well below what eviction tolerates: or what one reads the other would drop, for ever.
        var room = (queue.Order.Available > 0 ? bounds.WindowBytes : bounds.LookaheadLimit) - writer.State.Meter.PayloadBytes;
        if (writer.IsFull || (room <= 0 && queue.ReadyCount > 0))
        {
            return;
        }
        queue.Loading = true;
        var bytes = (int)Math.Clamp(room / 4, SmallestPage, ColdStore.MaximumReadBytes);
        var command = new PageCommand(queue, Math.Max(queue.ColdCursor, queue.PurgedUpTo), writer.Generation);
        _ = Task.Run(async () =>
        {
            try
            {
                await command.ReadAsync(cold, bounds.PageSize, bytes, CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                command.Failure = e;
            }
            post(command);
        });
    }

    /// <summary>
    /// When noisy groups' messages are all there is in memory, looks for quiet ones among what is parked and in the tail. Asked after the order's
    /// next message is known.
    /// </summary>
    public QuietSight SeekQuiet(QueueState queue, long now)
    {
        if (queue.ColdCount <= 0 || queue.Order is not StandardOrder { OnlyNoisy: true } order || !queue.Scout.IsAwake(writer.Generation))
        {
            return QuietSight.None;
        }
        if (queue.Scout.Reading)
        {
            return queue.Scout.Promising ? QuietSight.Reading : QuietSight.None;
        }
        if (queue.Scout.Cursor is null && queue.LinkPreferred(order, now))
        {
            return QuietSight.Found;
        }
        queue.Scout.Reading = true;
        var command = new ScoutCommand(queue, order.Noisy, writer.Generation);
        _ = Task.Run(async () =>
        {
            try
            {
                await command.ReadAsync(cold, CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                command.Failure = e;
            }
            post(command);
        });
        return queue.Scout.Promising ? QuietSight.Reading : QuietSight.None;
    }

    /// <summary>
    /// Large messages fill the window before there are many. A FIFO queue whose first groups are all closed looks ahead for an open one, but not
    /// for ever: beyond this the messages wait for a group to open, as they do on AWS beyond its own bound.
    /// </summary>
    private bool IsFull(QueueState queue) => queue.Fifo
        ? queue.ReadyBytes >= bounds.LookaheadBytes || queue.ReadyCount >= queue.Settings.MaximumInFlight
        : queue.Order.Available > 0 && queue.ReadyBytes >= bounds.LookaheadBytes / 4;

    /// <summary>Takes a page in.</summary>
    public void TakeIn(QueueState queue, PageCommand page, long now)
    {
        queue.Loading = false;
        if (writer.State.Find(queue.Id) != queue)
        {
            return;
        }
        if (page.Failure is null && page.Generation == writer.Generation)
        {
            var found = 0;
            foreach (var entry in page.Entries)
            {
                found += TryTakeIn(queue, entry, now) ? 1 : 0;
                queue.ColdCursor = Math.Max(queue.ColdCursor, entry.Sequence);
            }
            FinishPage(queue, page, found);
            queue.LinkParked(now);
        }
        if (page.Failure is null)
        {
            LoadIfLow(queue);
        }
        else if (page.Failure is IOException fault && page.Generation == writer.Generation)
        {
            writer.TellUnreadable(queue, fault);
        }
        TouchForWaiters(queue);
    }

    private static bool TryTakeIn(QueueState queue, Entry entry, long now)
    {
        if (entry.Sequence <= queue.PurgedUpTo || queue.Find(entry.Sequence) is not null || queue.Buried.Contains(entry.Sequence))
        {
            return false;
        }
        queue.ColdCount--;
        queue.Add(entry, fromTail: true, now);
        return true;
    }

    private void TouchForWaiters(QueueState queue)
    {
        if (!queue.Touched)
        {
            queue.Touched = true;
            writer.State.Touched.Add(queue);
        }
    }

    /// <summary>Takes in what the scout has found.</summary>
    public void TakeIn(QueueState queue, ScoutCommand page, long now)
    {
        queue.Scout.Reading = false;
        if (writer.State.Find(queue.Id) != queue)
        {
            return;
        }
        if (page.Failure is not null)
        {
            queue.Scout.Rest();
            if (page.Failure is IOException fault && page.Generation == writer.Generation)
            {
                writer.TellUnreadable(queue, fault);
            }
        }
        else if (page.Generation == writer.Generation)
        {
            queue.Scout.Note(page);
            page.Entries.ForEach(e => TryTakeIn(queue, e, now));
            queue.LinkParked(now);
        }
        TouchForWaiters(queue);
    }

    /// <summary>Deletes messages of the tail that have outlived their time.</summary>
    public void ExpireTail(QueueState queue, List<Entry> expired, long now)
    {
        foreach (var entry in expired)
        {
            if (TryTakeIn(queue, entry, now))
            {
                writer.State.Delete(queue, entry);
            }
        }
        queue.LinkParked(now);
    }

    /// <summary>A page of the tail, for a look that came too late for its own each time. Holds the writer up for the time of one read.</summary>
    public TailPage ReadTail(QueueState queue, long after)
    {
        var (entries, atEnd) = cold.NextAsync(queue.Id, after, PeekCommand.TailRows(bounds), ColdStore.MaximumReadBytes, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return new TailPage(after, entries, atEnd, writer.Generation);
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
}
