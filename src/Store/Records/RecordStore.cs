using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Threading.Channels;
using Longspan.Store.Documents;

namespace Longspan.Store.Records;

/// <summary>
/// Log events: append only, read by time, removed by age or with their stream. Kept apart from the document log, in a database
/// of its own, so that a chatty container cannot slow a deployment.
/// <para>
/// An acknowledged batch is on disk, whole. Batches of all callers share a sync, as commits of the document log do. A batch with a
/// <see cref="BatchKey"/> is kept once however often it is sent: the last sequence of each producer is stored with the stream, in
/// the transaction that stores the events. So a node that was cut off sends its spool again from the first unacknowledged batch.
/// </para>
/// <para>
/// Streams exist by their first batch; that a stream was created, and may be written to, is for the service's documents to say. Removing a
/// stream or a group takes effect at once; the space comes back in small steps while the writer has nothing else to do.
/// </para>
/// </summary>
public sealed class RecordStore : IAsyncDisposable
{
    private readonly RecordBackend backend;
    private readonly TimeProvider clock;
    private readonly RecordStoreSettings settings;
    private readonly Channel<Work> queue;
    private readonly Task loop;

    private RecordStore(RecordBackend backend, TimeProvider clock, RecordStoreSettings settings, bool purgePending)
    {
        this.backend = backend;
        this.clock = clock;
        this.settings = settings;
        queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(settings.QueueLength) { SingleReader = true });
        loop = Task.Run(() => RunAsync(purgePending));
    }

    public static async ValueTask<RecordStore> OpenAsync(
        RecordBackend backend, TimeProvider clock, RecordStoreSettings? settings = null, CancellationToken stop = default)
    {
        var purgePending = await backend.OpenAsync(stop).ConfigureAwait(false);
        return new RecordStore(backend, clock, settings ?? RecordStoreSettings.Default, purgePending);
    }

    /// <summary>Durable when it returns. Events may be in any time order.</summary>
    public async ValueTask<AppendResult> AppendAsync(
        RecordStream stream, IReadOnlyList<RecordEvent> events, CancellationToken stop, BatchKey? key = null)
    {
        if (events.Count > settings.BatchEvents)
        {
            throw new InvalidOperationException($"A batch has at most {settings.BatchEvents} events, not {events.Count}.");
        }
        return (await WriteAsync(new AppendBatch(stream, events, key), stop).ConfigureAwait(false)).Append;
    }

    /// <summary>One stream's events in time order; an unknown stream has none.</summary>
    public ValueTask<RecordPage> ReadStreamAsync(RecordStream stream, RecordRange range, CancellationToken stop) =>
        backend.ReadStreamAsync(stream, Bounded(range), stop);

    /// <summary>Events of several streams of a group, merged in time order.</summary>
    public ValueTask<RecordPage> ReadGroupAsync(string scope, string group, RecordStreamFilter filter, RecordRange range, CancellationToken stop) =>
        backend.ReadGroupAsync(scope, group, filter, Bounded(range), stop);

    /// <summary>Streams that have events, or had some, in name order.</summary>
    public ValueTask<IReadOnlyList<RecordStreamSummary>> ListStreamsAsync(
        string scope, string group, CancellationToken stop, string namePrefix = "", string? afterName = null, int limit = int.MaxValue) =>
        backend.ListStreamsAsync(scope, group, namePrefix, afterName, limit, stop);

    /// <summary>Null when nothing was ever appended to it.</summary>
    public async ValueTask<RecordStreamSummary?> SummarizeStreamAsync(RecordStream stream, CancellationToken stop)
    {
        var found = await backend.ListStreamsAsync(stream.Scope, stream.Group, stream.Name, null, 1, stop).ConfigureAwait(false);
        return found.Count > 0 && found[0].Stream == stream.Name ? found[0] : null;
    }

    public ValueTask<RecordGroupSummary> SummarizeGroupAsync(string scope, string group, CancellationToken stop) =>
        backend.SummarizeGroupAsync(scope, group, stop);

    /// <summary>False when it did not exist. A stream of that name begins anew with its next batch.</summary>
    public async ValueTask<bool> RemoveStreamAsync(RecordStream stream, CancellationToken stop) =>
        (await WriteAsync(new RemoveStreams(stream.Scope, stream.Group, stream.Name), stop).ConfigureAwait(false)).Removed > 0;

    public async ValueTask RemoveGroupAsync(string scope, string group, CancellationToken stop) =>
        await WriteAsync(new RemoveStreams(scope, group, null), stop).ConfigureAwait(false);

    /// <summary>Retention: removes the group's events before that time, in steps between which others write. Answers how many.</summary>
    public async ValueTask<long> RemoveOlderAsync(string scope, string group, long beforeMs, CancellationToken stop)
    {
        var total = 0L;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var step = new RemoveOlder(scope, group, beforeMs, settings.RemoveStep);
            var removed = (await WriteAsync(step, stop).ConfigureAwait(false)).Removed;
            total += removed;
            if (removed < settings.RemoveStep)
            {
                return total;
            }
        }
    }

    /// <summary>Removes everything. Ids go on rising.</summary>
    public async ValueTask ResetAsync(CancellationToken stop) => await WriteAsync(new RemoveEverything(), stop).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop.ConfigureAwait(false);
        await backend.DisposeAsync().ConfigureAwait(false);
    }

    private RecordRange Bounded(RecordRange range) =>
        range.Limit <= settings.PageEvents ? range : range with { Limit = settings.PageEvents };

    private async ValueTask<RecordWriteResult> WriteAsync(RecordWrite write, CancellationToken stop)
    {
        var work = new Work(write);
        try
        {
            await queue.Writer.WriteAsync(work, stop).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(RecordStore));
        }
        // Not cancellable from here: the caller shall know whether its batch is kept.
        return await work.Done.Task.ConfigureAwait(false);
    }

    private async Task RunAsync(bool purgePending)
    {
        var group = new List<Work>(settings.GroupBatches);
        while (true)
        {
            if (purgePending && !queue.Reader.TryPeek(out _) && !queue.Reader.Completion.IsCompleted)
            {
                purgePending = await PurgeAsync().ConfigureAwait(false);
                continue;
            }
            if (!await queue.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                return;
            }
            group.Clear();
            var bytes = 0L;
            while (group.Count < settings.GroupBatches && bytes < settings.GroupBytes && queue.Reader.TryRead(out var work))
            {
                group.Add(work);
                bytes += work.Bytes;
            }
            purgePending |= group.Exists(work => work.Write is RemoveStreams);
            await ApplyAsync(group).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the backend throws belongs to the callers of this group; the writer goes on.")]
    private async ValueTask ApplyAsync(List<Work> group)
    {
        try
        {
            var nowMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
            var results = await backend.ApplyAsync(group.ConvertAll(work => work.Write), nowMs, CancellationToken.None).ConfigureAwait(false);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Done.SetResult(results[i]);
            }
        }
        catch (Exception fault) when (fault is CommitUnknownException || group.Count == 1)
        {
            group.ForEach(work => work.Done.TrySetException(fault));
        }
        catch (Exception)
        {
            // Nothing was written. One batch that the database cannot take must not fail its neighbours: each alone.
            foreach (var work in group)
            {
                await ApplyAsync([work]).ConfigureAwait(false);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Space that comes back later harms nothing; the next removal or start tries again.")]
    private async ValueTask<bool> PurgeAsync()
    {
        try
        {
            return await backend.PurgeAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            return false;
        }
    }

    private sealed class Work(RecordWrite write)
    {
        public RecordWrite Write { get; } = write;

        public long Bytes { get; } = write is AppendBatch batch ? batch.Events.Sum(one => (long)Encoding.UTF8.GetByteCount(one.Message)) : 0;

        public TaskCompletionSource<RecordWriteResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
