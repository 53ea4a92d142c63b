namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Looks for messages of quiet groups in the tail of a standard queue, so that they need not wait until the backlog of a noisy one has been read.
/// It goes round the groups of the tail by name, a page of them at a time, and reads a few messages of each that is not noisy. When it
/// has been round in vain it rests until the next checkpoint, which is what brings new messages into the tail. What it keeps in memory is a
/// name and one number for each group it has read from since that checkpoint.
/// </summary>
internal sealed class TailScout
{
    /// <summary>Groups that one page looks at.</summary>
    public const int GroupsPerPage = 128;
    /// <summary>Messages that one page takes from one group.</summary>
    public const int MessagesPerGroup = 16;
    /// <summary>Groups whose place is remembered; with more it rests.</summary>
    private const int MaximumPlaces = 50_000;

    private int _generation = -1;
    private bool _rests;
    private bool _readInRound;

    /// <summary>A page is being read.</summary>
    public bool Reading { get; set; }
    /// <summary>Whether noisy groups' messages are held back for the page: not when the one before it was in vain.</summary>
    public bool Promising { get; private set; } = true;
    /// <summary>The last group looked at; null at the beginning of a round.</summary>
    public string? Cursor { get; private set; }
    /// <summary>By group: the last message that was read from the tail.</summary>
    public Dictionary<string, long> Places { get; private set; } = new(StringComparer.Ordinal);

    /// <summary>Whether there may be something to find.</summary>
    public bool IsAwake(int generation)
    {
        if (generation != _generation)
        {
            _generation = generation;
            _rests = _readInRound = false;
            Promising = true;
            Cursor = null;
            Places = new(StringComparer.Ordinal);
        }
        return !_rests;
    }

    public void Rest() => _rests = true;

    public void Note(ScoutCommand page)
    {
        // Rows of messages that are in memory already count too: what has been read is passed over in the next round, and behind it there may be more.
        Promising = page.Entries.Count > 0;
        _readInRound |= Promising;
        Cursor = page.LastGroup;
        foreach (var entry in page.Entries)
        {
            Places[entry.GroupId ?? ""] = entry.Sequence;
        }
        if (page.AtEnd)
        {
            _rests = !_readInRound;
            _readInRound = false;
            Cursor = null;
        }
        _rests |= Places.Count > MaximumPlaces;
    }
}

/// <summary>A page of quiet groups' messages, read by another thread and taken in by the writer.</summary>
internal sealed class ScoutCommand(QueueState queue, IReadOnlySet<string> noisy, int generation) : Command
{
    // The scout may start anew while this is being read; then the page is not used.
    private readonly string? _cursor = queue.Scout.Cursor;
    private readonly Dictionary<string, long> _places = queue.Scout.Places;
    private readonly long _purgedUpTo = queue.PurgedUpTo;

    public long Queue => queue.Id;
    public IReadOnlySet<string> Noisy => noisy;
    public string? Cursor => _cursor;
    public int Generation { get; } = generation;
    public List<Entry> Entries { get; private set; } = [];
    /// <summary>The last group looked at.</summary>
    public string? LastGroup { get; private set; }
    public bool AtEnd { get; private set; }
    public Exception? Failure { get; set; }

    public async Task ReadAsync(ColdStore cold, CancellationToken stop) =>
        (Entries, LastGroup, AtEnd) = await cold.OfGroupsAsync(this, stop);

    /// <summary>The place in the tail after which messages of this group have not been read.</summary>
    public long Place(string group) => _places.GetValueOrDefault(group, _purgedUpTo);

    /// <summary>It must not be lost: its queue waits for it.</summary>
    public override bool ChangesNothing => true;

    public override bool Apply(MessageWriter writer, long now)
    {
        writer.Tail.TakeIn(queue, this, now);
        return true;
    }

    public override void Complete()
    {
    }

    public override void Fail(Exception reason)
    {
    }
}
