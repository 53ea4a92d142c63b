using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Longspan.Store.Documents;

/// <summary>
/// The only hand that writes. Callers queue; the writer takes everything that waits, up to the group's bounds, as one transaction with one
/// sync. While that sync runs the next group gathers by itself, so no timer is needed: a lone commit is not delayed, and under load
/// the group grows until it pays for the sync.
/// </summary>
internal sealed class LogWriter
{
    private readonly DocumentBackend backend;
    private readonly TimeProvider clock;
    private readonly DocumentLogSettings settings;
    private readonly ChangeFeed feed;
    private readonly ObserverList observers;
    private readonly Channel<Work> queue;
    private readonly Task loop;
    private long revision;
    private long trimmedAt;

    public LogWriter(DocumentBackend backend, TimeProvider clock, DocumentLogSettings settings, ChangeFeed feed, ObserverList observers, LogPosition start)
    {
        this.observers = observers;
        this.backend = backend;
        this.clock = clock;
        this.settings = settings;
        this.feed = feed;
        revision = start.Revision;
        trimmedAt = start.Revision;
        queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(settings.QueueLength) { SingleReader = true });
        loop = Task.Run(RunAsync);
    }

    public long Revision => Volatile.Read(ref revision);

    public async ValueTask<CommitResult> CommitAsync(PreparedCommit commit, CancellationToken stop)
    {
        var work = new CommitWork(commit);
        await EnqueueAsync(work, stop).ConfigureAwait(false);
        // Not cancellable from here: the commit will happen or not, and its caller shall know which. A sync takes milliseconds.
        return await work.Done.Task.ConfigureAwait(false);
    }

    public async ValueTask<Lease?> LeaseAsync(LeaseRequest request, CancellationToken stop)
    {
        var work = new LeaseWork(request);
        await EnqueueAsync(work, stop).ConfigureAwait(false);
        return await work.Done.Task.ConfigureAwait(false);
    }

    public async ValueTask ResetAsync(CancellationToken stop)
    {
        var work = new ResetWork();
        await EnqueueAsync(work, stop).ConfigureAwait(false);
        await work.Done.Task.ConfigureAwait(false);
    }

    /// <summary>Finishes what is queued, then ends.</summary>
    public async ValueTask StopAsync()
    {
        queue.Writer.TryComplete();
        await loop.ConfigureAwait(false);
    }

    private async ValueTask EnqueueAsync(Work work, CancellationToken stop)
    {
        try
        {
            await queue.Writer.WriteAsync(work, stop).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(DocumentLog));
        }
    }

    private async Task RunAsync()
    {
        var commits = new List<CommitWork>(settings.GroupCommits);
        var leases = new List<LeaseWork>();
        while (await queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            commits.Clear();
            leases.Clear();
            var reset = Gather(commits, leases);
            // Leases first: a fence in this group may rest on one of them.
            await GrantAsync(leases).ConfigureAwait(false);
            await ApplyAsync(commits).ConfigureAwait(false);
            if (reset is not null)
            {
                await ClearAsync(reset).ConfigureAwait(false);
            }
            await TrimIfDueAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Takes what waits, up to the group's bounds. A reset ends the group, because order around it matters.</summary>
    private ResetWork? Gather(List<CommitWork> commits, List<LeaseWork> leases)
    {
        var bytes = 0;
        while (commits.Count + leases.Count < settings.GroupCommits && bytes < settings.GroupBytes && queue.Reader.TryRead(out var work))
        {
            switch (work)
            {
                case CommitWork commit:
                    commits.Add(commit);
                    bytes += commit.Commit.Writes.Sum(write => write.Body?.Length ?? 0);
                    break;
                case LeaseWork lease:
                    leases.Add(lease);
                    break;
                case ResetWork reset:
                    return reset;
            }
        }
        return null;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the backend throws belongs to the callers of this group; the writer goes on.")]
    private async ValueTask ApplyAsync(List<CommitWork> group)
    {
        if (group.Count == 0)
        {
            return;
        }
        try
        {
            var applied = await backend.ApplyAsync(group.ConvertAll(work => work.Commit), clock.GetUtcNow(), CancellationToken.None)
                .ConfigureAwait(false);
            Publish(applied);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Done.SetResult(applied[i].Result);
            }
        }
        catch (Exception fault) when (fault is CommitUnknownException || group.Count == 1)
        {
            if (fault is CommitUnknownException)
            {
                observers.Voided();
            }
            group.ForEach(work => work.Done.TrySetException(fault));
        }
        catch (Exception)
        {
            // Nothing was written. One commit that the database cannot take must not fail its neighbours: each alone.
            foreach (var work in group)
            {
                await ApplyAsync([work]).ConfigureAwait(false);
            }
        }
    }

    private void Publish(IReadOnlyList<AppliedCommit> applied)
    {
        var changes = new List<DocumentChange>();
        foreach (var commit in applied)
        {
            changes.AddRange(commit.Changes);
        }
        if (changes.Count > 0)
        {
            // Observers first: a revision that anyone can see is one that they have seen.
            observers.Committed(changes);
            Volatile.Write(ref revision, changes[^1].Revision);
            feed.Publish(changes);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Handed to the callers.")]
    private async ValueTask GrantAsync(List<LeaseWork> group)
    {
        if (group.Count == 0)
        {
            return;
        }
        try
        {
            var granted = await backend.LeasesAsync(group.ConvertAll(work => work.Request), clock.GetUtcNow(), CancellationToken.None)
                .ConfigureAwait(false);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Done.SetResult(granted[i]);
            }
        }
        catch (Exception fault)
        {
            group.ForEach(work => work.Done.TrySetException(fault));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Handed to the caller.")]
    private async ValueTask ClearAsync(ResetWork reset)
    {
        try
        {
            var position = await backend.ResetAsync(CancellationToken.None).ConfigureAwait(false);
            Volatile.Write(ref revision, position.Revision);
            observers.Voided();
            feed.PublishResync(position.Revision);
            reset.Done.SetResult();
        }
        catch (Exception fault)
        {
            reset.Done.SetException(fault);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "History that stays a little longer harms nothing; the next trim tries again.")]
    private async ValueTask TrimIfDueAsync()
    {
        if (revision - trimmedAt < settings.TrimEvery)
        {
            return;
        }
        trimmedAt = revision;
        try
        {
            await backend.TrimAsync(clock.GetUtcNow() - settings.HistoryAge, settings.HistoryRevisions, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The disk that refuses this refuses commits too, and those tell their callers.
        }
    }

    private abstract class Work;

    private sealed class CommitWork(PreparedCommit commit) : Work
    {
        public PreparedCommit Commit { get; } = commit;
        public TaskCompletionSource<CommitResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class LeaseWork(LeaseRequest request) : Work
    {
        public LeaseRequest Request { get; } = request;
        public TaskCompletionSource<Lease?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class ResetWork : Work
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
