namespace Longspan.Store.Sqlite.Messages;

/// <summary>A page of a queue's tail, read by another thread and taken in by the writer.</summary>
internal sealed class PageCommand(QueueState queue, long after, int generation) : Command
{
    public int Generation { get; } = generation;
    public List<Entry> Entries { get; private set; } = [];
    public bool AtEnd { get; private set; }
    public Exception? Failure { get; set; }

    public async Task ReadAsync(ColdStore cold, int limit, int maximumBytes, CancellationToken stop) =>
        (Entries, AtEnd) = await cold.NextAsync(queue.Id, after, limit, maximumBytes, stop);

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
