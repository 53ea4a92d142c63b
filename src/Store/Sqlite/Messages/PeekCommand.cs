using Longspan.Store.Messages;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>Rows of a queue's tail as another thread read them, and the checkpoint count under which it was asked to.</summary>
internal sealed record TailPage(long After, List<Entry> Entries, bool AtEnd, int Generation)
{
    /// <summary>Up to here the page tells of every row.</summary>
    public long Covers => AtEnd ? long.MaxValue : Entries.Count == 0 ? After : Entries[^1].Sequence;
}

/// <summary>A page, or which part of the tail has to be read before there can be one.</summary>
internal readonly record struct PeekStep(PeekedPage? Page, long TailAfter, int Generation);

/// <summary>
/// Looks at a page of messages and changes nothing. Memory is looked through by the writer; the tail is read by the caller's thread and
/// brought along on a second visit, because the writer must not wait for a disk. Between the visits a checkpoint may have moved messages
/// from memory to the tail or removed rows of deleted ones: then the rows are read again, as a page-in would.
/// </summary>
internal sealed class PeekCommand(long queue, long after, int maximum, TailPage? tail, bool mayRead) : Command<PeekStep>
{
    /// <summary>Reads that may come too late, before the writer reads itself.</summary>
    public const int MaximumAttempts = 4;
    /// <summary>Pages in a row that may hold nothing but deleted or expired messages, before the caller is told to ask again.</summary>
    public const int MaximumEmptyPages = 16;
    private const int MostTailRows = 500;
    private const long MaximumBytes = 4 * 1024 * 1024;

    public static int TailRows(SqliteMessageSettings settings) => Math.Min(MostTailRows, settings.PageSize);

    public override bool ChangesNothing => true;

    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        state.Advance(now);
        var oldest = now - (long)state.Settings.Retention.TotalMilliseconds;
        var inMemory = Smallest(state, oldest);
        var tailAfter = Math.Max(after, Math.Max(state.ColdCursor, state.PurgedUpTo));
        // Everything that only the tail holds comes after its cursor, so what comes before it is complete.
        if (state.ColdCount <= 0 || (inMemory.Count > maximum && inMemory[maximum - 1].Sequence <= tailAfter))
        {
            Result = new PeekStep(ToPage(writer, inMemory, null), 0, 0);
            return true;
        }
        var page = mayRead ? writer.Tail.ReadTail(state, tailAfter) : tail;
        if (page is null || page.Generation != writer.Generation || page.After > tailAfter)
        {
            Result = new PeekStep(null, tailAfter, writer.Generation);
            return true;
        }
        var merged = inMemory.Where(e => e.Sequence <= page.Covers)
            .Concat(page.Entries.Where(e => e.SentAt > oldest && e.Sequence > tailAfter && state.Find(e.Sequence) is null && !state.Buried.Contains(e.Sequence)))
            .OrderBy(e => e.Sequence).ToList();
        Result = new PeekStep(ToPage(writer, merged, page.AtEnd ? null : page.Covers), 0, 0);
        return true;
    }

    /// <summary>Up to one more than asked for of the messages in memory, oldest first.</summary>
    private List<Entry> Smallest(QueueState state, long oldest)
    {
        var wanted = maximum + 1;
        var found = new List<Entry>(2 * wanted);
        var bound = long.MaxValue;
        foreach (var (sequence, entry) in state.Entries)
        {
            if (sequence <= after || sequence >= bound || entry.SentAt <= oldest)
            {
                continue;
            }
            found.Add(entry);
            if (found.Count == 2 * wanted)
            {
                Cut(found, wanted);
                bound = found[^1].Sequence;
            }
        }
        Cut(found, wanted);
        return found;
    }

    private static void Cut(List<Entry> found, int wanted)
    {
        found.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        if (found.Count > wanted)
        {
            found.RemoveRange(wanted, found.Count - wanted);
        }
    }

    /// <param name="goesOnAfter">Where what is not among the candidates begins, if there is any.</param>
    private PeekedPage ToPage(MessageWriter writer, List<Entry> candidates, long? goesOnAfter)
    {
        var messages = new List<PeekedMessage>(Math.Min(maximum, candidates.Count));
        var bytes = 0L;
        foreach (var entry in candidates)
        {
            var payload = messages.Count == maximum ? [] : writer.PayloadOf(entry);
            if (messages.Count == maximum || (messages.Count > 0 && bytes + payload.Length > MaximumBytes))
            {
                return new PeekedPage(messages, messages[^1].Sequence);
            }
            bytes += payload.Length;
            messages.Add(ToMessage(entry, payload));
        }
        return new PeekedPage(messages, goesOnAfter);
    }

    public static PeekedMessage ToMessage(Entry entry, byte[] payload) => new(
        entry.Sequence, entry.Id, payload, entry.SentAt, entry.FirstReceivedAt, entry.ReceiveCount, entry.GroupId, entry.Source,
        entry.State switch
        {
            EntryState.InFlight => MessageStanding.InFlight,
            EntryState.Delayed => MessageStanding.Delayed,
            _ => MessageStanding.Visible,
        },
        entry.State is EntryState.InFlight or EntryState.Delayed ? entry.VisibleAt : 0);
}
