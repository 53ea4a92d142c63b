using System.Threading.Channels;

namespace Longspan.Store.Documents;

/// <summary>
/// Fans committed changes out to watchers. Publishing never waits: a watcher that leaves more than its bound unread loses its queue
/// and is told to list again. So a stuck reader costs bounded memory and slows nobody.
/// </summary>
internal sealed class ChangeFeed(int maximumWatchers, int changesPerWatcher)
{
    private readonly Lock gate = new();
    private readonly List<Subscription> subscriptions = [];
    private bool closed;

    public Subscription Subscribe()
    {
        var subscription = new Subscription(this, changesPerWatcher);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (subscriptions.Count >= maximumWatchers)
            {
                throw new InvalidOperationException($"More than {maximumWatchers} watchers of the document log; someone does not end theirs.");
            }
            subscriptions.Add(subscription);
        }
        return subscription;
    }

    /// <summary>Changes of one group, in order, after they are durable.</summary>
    public void Publish(IReadOnlyList<DocumentChange> changes)
    {
        lock (gate)
        {
            foreach (var subscription in subscriptions)
            {
                subscription.Offer(changes);
            }
        }
    }

    /// <summary>Everything before this revision is void; all watchers start over.</summary>
    public void PublishResync(long revision)
    {
        lock (gate)
        {
            foreach (var subscription in subscriptions)
            {
                subscription.Void(revision);
            }
        }
    }

    public void Close()
    {
        lock (gate)
        {
            closed = true;
            foreach (var subscription in subscriptions)
            {
                subscription.Complete();
            }
            subscriptions.Clear();
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (gate)
        {
            subscriptions.Remove(subscription);
        }
    }

    internal sealed class Subscription(ChangeFeed feed, int bound) : IDisposable
    {
        private readonly Lock gate = new();
        // A wake-up, not a queue: one token says "look again".
        private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private List<DocumentChange> unread = [];
        private long? voidedThrough;

        public void Offer(IReadOnlyList<DocumentChange> changes)
        {
            if (changes.Count == 0)
            {
                return;
            }
            lock (gate)
            {
                if (voidedThrough is not null || unread.Count + changes.Count > bound)
                {
                    unread.Clear();
                    voidedThrough = changes[^1].Revision;
                }
                else
                {
                    unread.AddRange(changes);
                }
            }
            wake.Writer.TryWrite(true);
        }

        public void Void(long revision)
        {
            lock (gate)
            {
                unread.Clear();
                voidedThrough = revision;
            }
            wake.Writer.TryWrite(true);
        }

        /// <summary>Waits until there is something to take; false once the log is closed.</summary>
        public async ValueTask<bool> WaitAsync(CancellationToken stop)
        {
            if (!await wake.Reader.WaitToReadAsync(stop).ConfigureAwait(false))
            {
                return false;
            }
            wake.Reader.TryRead(out _);
            return true;
        }

        /// <summary>What came since the last call; <c>ResyncThrough</c> says that everything up to that revision must be listed again first.</summary>
        public (List<DocumentChange> Changes, long? ResyncThrough) Take()
        {
            lock (gate)
            {
                var taken = (unread, voidedThrough);
                unread = [];
                voidedThrough = null;
                return taken;
            }
        }

        public void Complete() => wake.Writer.TryComplete();

        public void Dispose() => feed.Remove(this);
    }
}
