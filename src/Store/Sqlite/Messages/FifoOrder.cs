namespace Longspan.Store.Sqlite.Messages;

/// <summary>The linked messages of one group, in sequence order.</summary>
internal sealed class FifoGroup(string id)
{
    public string Id { get; } = id;
    public EntryList Entries { get; } = new();
    public int InFlight { get; set; }
    public LinkedListNode<FifoGroup>? Node { get; set; }

    /// <summary>Its first message is visible and none of its messages is in flight.</summary>
    public bool IsAvailable => InFlight == 0 && Entries.First is { State: EntryState.Ready };
}

/// <summary>
/// Order within groups. A group is closed while any of its messages is in flight, except to the one receive call that is taking from
/// it: such a call gets as many as it may from one group before it turns to the next, which is what Amazon SQS does.
/// </summary>
internal sealed class FifoOrder : DeliveryOrder
{
    private readonly Dictionary<string, FifoGroup> _groups = new(StringComparer.Ordinal);
    private readonly LinkedList<FifoGroup> _available = new();
    private FifoGroup? _current;
    private Entry? _cursor;
    private int _ready;

    /// <summary>Ready messages of available groups are not told apart from those of blocked ones: with no group available it is zero.</summary>
    public override int Available => _available.Count == 0 ? 0 : _ready;

    public override void Link(Entry entry)
    {
        if (!_groups.TryGetValue(entry.GroupId ?? "", out var group))
        {
            group = new FifoGroup(entry.GroupId ?? "");
            _groups.Add(group.Id, group);
        }
        entry.Group = group;
        group.Entries.AddSorted(entry);
        Count(group, entry.State, 1);
        Settle(group);
    }

    public override void Unlink(Entry entry)
    {
        var group = entry.Group!;
        if (_cursor == entry)
        {
            _cursor = entry.Next;
        }
        group.Entries.Remove(entry);
        entry.Group = null;
        Count(group, entry.State, -1);
        Settle(group);
        if (group.Entries.Count == 0)
        {
            _groups.Remove(group.Id);
            if (_current == group)
            {
                _current = null;
            }
        }
    }

    public override void Changed(Entry entry, EntryState before)
    {
        var group = entry.Group!;
        if (_cursor == entry && entry.State != EntryState.Ready)
        {
            _cursor = entry.Next;
        }
        Count(group, before, -1);
        Count(group, entry.State, 1);
        Settle(group);
    }

    /// <summary>The group that a call takes from stays open to it until the next call begins.</summary>
    public override void BeginTaking()
    {
        _current = null;
        _cursor = null;
    }

    public override Entry? Next()
    {
        if (_current is not null && _cursor is { State: EntryState.Ready })
        {
            return _cursor;
        }
        _current = _available.First?.Value;
        _cursor = _current?.Entries.First;
        return _cursor;
    }

    public override IEnumerable<Entry> EvictionCandidates()
    {
        // From the end of each group only, so that what stays in memory is what is handed out first.
        var candidates = new List<Entry>();
        foreach (var group in _groups.Values)
        {
            for (var entry = group.Entries.Last; entry is { State: EntryState.Ready }; entry = entry.Previous)
            {
                candidates.Add(entry);
            }
        }
        candidates.Sort((a, b) => b.Sequence.CompareTo(a.Sequence));
        return candidates;
    }

    private void Count(FifoGroup group, EntryState state, int by)
    {
        if (state == EntryState.InFlight)
        {
            group.InFlight += by;
        }
        else if (state == EntryState.Ready)
        {
            _ready += by;
        }
    }

    private void Settle(FifoGroup group)
    {
        if (group.IsAvailable == group.Node is not null)
        {
            return;
        }
        if (group.Node is null)
        {
            group.Node = _available.AddLast(group);
        }
        else
        {
            _available.Remove(group.Node);
            group.Node = null;
        }
    }
}
