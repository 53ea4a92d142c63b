using System.Diagnostics;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>States of a message in memory. Not persisted: the disk knows only the time from which a message is visible.</summary>
internal enum EntryState : byte
{
    /// <summary>Visible, waiting for a receiver.</summary>
    Ready,
    /// <summary>Sent with a delay that has not passed.</summary>
    Delayed,
    /// <summary>Handed out, invisible until its time runs out.</summary>
    InFlight,
    /// <summary>Deleted, expired or moved away; kept only until the next checkpoint has forgotten it.</summary>
    Dead,
}

/// <summary>One message in memory. Linked into exactly one <see cref="EntryList"/> of its queue while it is alive.</summary>
internal sealed class Entry : IHeapItem
{
    public required long Queue { get; init; }
    public required long Sequence { get; init; }
    public required Guid Id { get; init; }
    public required long SentAt { get; init; }
    /// <summary>Empty while <see cref="PayloadOnDisk"/>.</summary>
    public required byte[] Payload { get; set; }
    /// <summary>Only the cold store has the payload; it is read when it is asked for.</summary>
    public bool PayloadOnDisk { get; set; }
    public string? GroupId { get; init; }
    /// <summary>Where it was dead-lettered from.</summary>
    public string? Source { get; init; }

    /// <summary>From when on it is visible; zero once that moment has been noticed.</summary>
    public long VisibleAt { get; set; }
    public long FirstReceivedAt { get; set; }
    /// <summary>When its latest delivery happened, which is what bounds how long that one may be extended; zero before the first.</summary>
    public long DeliveredAt { get; set; }
    public int ReceiveCount { get; set; }
    public EntryState State { get; set; }

    /// <summary>Changed since the last checkpoint began.</summary>
    public bool Dirty { get; set; }
    /// <summary>The cold store has, or is being given, a row for it.</summary>
    public bool Stored { get; set; }
    /// <summary>It was read from the cold store, so that its payload certainly is there.</summary>
    public bool FromTail { get; init; }

    public EntryList? List { get; set; }
    public Entry? Previous { get; set; }
    public Entry? Next { get; set; }
    public FifoGroup? Group { get; set; }
    /// <summary>On a standard queue: whose it is, if it is in a group and linked.</summary>
    public Tenant? Tenant { get; set; }
    /// <summary>On a standard queue: when it became visible, in the count of all that did.</summary>
    public long Turn { get; set; }

    public long Due => VisibleAt;
    public int HeapIndex { get; set; } = -1;
}

/// <summary>An intrusive doubly linked list: adding, removing and moving allocate nothing.</summary>
internal sealed class EntryList
{
    public Entry? First { get; private set; }
    public Entry? Last { get; private set; }
    public int Count { get; private set; }

    public void AddLast(Entry entry) => InsertAfter(Last, entry);

    /// <summary>Keeps the list in sequence order. The place is nearly always the end.</summary>
    public void AddSorted(Entry entry)
    {
        var after = Last;
        while (after is not null && after.Sequence > entry.Sequence)
        {
            after = after.Previous;
        }
        InsertAfter(after, entry);
    }

    public void Remove(Entry entry)
    {
        Debug.Assert(entry.List == this, "An entry leaves the list that it is in.");
        if (entry.Previous is null)
        {
            First = entry.Next;
        }
        else
        {
            entry.Previous.Next = entry.Next;
        }
        if (entry.Next is null)
        {
            Last = entry.Previous;
        }
        else
        {
            entry.Next.Previous = entry.Previous;
        }
        entry.Previous = entry.Next = null;
        entry.List = null;
        Count--;
    }

    /// <summary>Last first. The consumer may remove the entry that it is given.</summary>
    public IEnumerable<Entry> FromTheEnd()
    {
        for (var entry = Last; entry is not null;)
        {
            var previous = entry.Previous;
            yield return entry;
            entry = previous;
        }
    }

    private void InsertAfter(Entry? after, Entry entry)
    {
        Debug.Assert(entry.List is null, "An entry is in one list at a time.");
        var next = after is null ? First : after.Next;
        entry.Previous = after;
        entry.Next = next;
        entry.List = this;
        if (after is null)
        {
            First = entry;
        }
        else
        {
            after.Next = entry;
        }
        if (next is null)
        {
            Last = entry;
        }
        else
        {
            next.Previous = entry;
        }
        Count++;
    }
}
