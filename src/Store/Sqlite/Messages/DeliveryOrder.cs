namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Which visible message is next. Two answers: arrival order (<see cref="StandardOrder"/>) and order within message groups
/// (<see cref="FifoOrder"/>). An order holds every linked entry of its queue, whatever its state; the queue tells it of each change.
/// </summary>
internal abstract class DeliveryOrder
{
    /// <summary>How many entries could be handed out now.</summary>
    public abstract int Available { get; }

    /// <summary>Takes in an entry whose state is set.</summary>
    public abstract void Link(Entry entry);

    /// <summary>Lets go of an entry. Its state is still the one it had.</summary>
    public abstract void Unlink(Entry entry);

    /// <summary>An entry has changed from <paramref name="before"/> to its present state.</summary>
    public abstract void Changed(Entry entry, EntryState before);

    /// <summary>Tells the time, before changes that happen at it.</summary>
    public virtual void Advance(long now)
    {
    }

    /// <summary>Starts a call that takes messages one after the other.</summary>
    public virtual void BeginTaking()
    {
    }

    /// <summary>The next entry that may be handed out, or null. The caller must change or unlink it before it asks again.</summary>
    public abstract Entry? Next();

    /// <summary>Ready entries, those first whose turn comes last. Unlinking any number of them from the start does not harm the order.</summary>
    public abstract IEnumerable<Entry> EvictionCandidates();
}
