using System.Runtime.CompilerServices;

namespace Longspan.Store.Documents;

/// <summary>
/// The truth of the control plane: typed JSON documents with one ordered history of revisions.
/// <para>
/// <b>Reading.</b> Get and list answer from current state and see every commit that was acknowledged before the call. They are
/// not a snapshot across calls; what matters is checked again when the decision is committed.
/// </para>
/// <para>
/// <b>Writing.</b> A <see cref="Commit"/> is data: what must still hold, and what is written. All of it happens or nothing. A commit that
/// changes anything takes the next revision, and all its documents carry that one. When <see cref="CommitAsync"/> returns
/// <see cref="CommitStatus.Committed"/> the commit is on disk. Conflict and fence are ordinary answers. A <see cref="CommitUnknownException"/>
/// means that the outcome is unknown: read again. Waiting for a place in the queue can be cancelled, a queued commit cannot.
/// </para>
/// <para>
/// <b>Watching.</b> Changes come in revision order, exactly those that were committed, or a resync says that some are missing
/// and the reader must list again. There is no third way to miss one.
/// </para>
/// <para>
/// <b>Leases.</b> Named claims with an epoch, kept in the same database, so that a commit under a fence is refused
/// exactly when the lease has moved on. Acquiring or renewing makes no revision.
/// </para>
/// </summary>
public sealed class DocumentLog : IAsyncDisposable
{
    private readonly DocumentBackend backend;
    private readonly Sealer sealer;
    private readonly DocumentLogSettings settings;
    private readonly ChangeFeed feed;
    private readonly LogWriter writer;
    private readonly ObserverList observers = new();

    private DocumentLog(DocumentBackend backend, Sealer sealer, TimeProvider clock, DocumentLogSettings settings, LogPosition start)
    {
        this.backend = backend;
        this.sealer = sealer;
        this.settings = settings;
        feed = new ChangeFeed(settings.Watchers, settings.WatcherChanges);
        writer = new LogWriter(backend, clock, settings, feed, observers, start);
    }

    /// <summary>Opens the backend and starts the writer. The log owns the backend from here; the sealer stays its caller's.</summary>
    public static async ValueTask<DocumentLog> OpenAsync(
        DocumentBackend backend, Sealer sealer, TimeProvider clock, DocumentLogSettings? settings = null, CancellationToken stop = default)
    {
        var start = await backend.OpenAsync(stop).ConfigureAwait(false);
        return new DocumentLog(backend, sealer, clock, settings ?? DocumentLogSettings.Default, start);
    }

    /// <summary>The newest committed revision.</summary>
    public long Revision => writer.Revision;

    /// <summary>The document, or null.</summary>
    public async ValueTask<Document<T>?> GetAsync<T>(DocumentKind<T> kind, string scope, string name, CancellationToken stop) where T : class
    {
        var raw = await backend.GetAsync(new DocumentKey(kind.Name, scope, name), stop).ConfigureAwait(false);
        return raw is null ? null : DocumentBodies.Read(kind, raw, sealer);
    }

    /// <summary>
    /// Documents of one exact scope in name order, after <paramref name="afterName"/> (exclusive), at most <paramref name="limit"/>.
    /// </summary>
    public async ValueTask<IReadOnlyList<Document<T>>> ListAsync<T>(
        DocumentKind<T> kind, string scope, CancellationToken stop, string namePrefix = "", string? afterName = null, int limit = int.MaxValue) where T : class =>
        Read(kind, await backend.ListAsync(new DocumentRange(kind.Name, scope, false, namePrefix, afterName, limit), stop).ConfigureAwait(false));

    /// <summary>All documents of a kind, in every scope (that starts with the prefix), in key order.</summary>
    public async ValueTask<IReadOnlyList<Document<T>>> ListAllAsync<T>(DocumentKind<T> kind, CancellationToken stop, string scopePrefix = "") where T : class =>
        Read(kind, await backend.ListAsync(new DocumentRange(kind.Name, scopePrefix, true, "", null, int.MaxValue), stop).ConfigureAwait(false));

    /// <summary>Documents of one scope that declared this index value, in name order.</summary>
    public async ValueTask<IReadOnlyList<Document<T>>> ListByIndexAsync<T>(
        DocumentKind<T> kind, string scope, string index, string value, CancellationToken stop, string? afterName = null, int limit = int.MaxValue) where T : class =>
        Read(kind, await backend.ListByIndexAsync(new IndexRange(kind.Name, scope, index, value, afterName, limit), stop).ConfigureAwait(false));

    /// <summary>Durable when it returns <see cref="CommitStatus.Committed"/>: grouped with its neighbours under one fsync.</summary>
    public ValueTask<CommitResult> CommitAsync(Commit commit, CancellationToken stop) => writer.CommitAsync(Prepare(commit), stop);

    /// <summary>
    /// Changes after <paramref name="afterRevision"/> in revision order, for ever. A <see cref="DocumentChange.Resync"/> entry means that
    /// the history no longer reaches back, or that this reader fell behind its bound: list again, then go on reading here.
    /// Ends when the log is closed.
    /// </summary>
    public async IAsyncEnumerable<DocumentChange> WatchAsync(long afterRevision, [EnumeratorCancellation] CancellationToken stop)
    {
        // Subscribe before reading history, so that nothing falls between the two; what comes twice is dropped by its revision.
        using var live = feed.Subscribe();
        var cursor = ChangeCursor.AfterRevision(afterRevision);
        for (var more = true; more;)
        {
            var page = await backend.ChangesAsync(cursor, settings.WatcherPage, stop).ConfigureAwait(false);
            if (Lost(cursor, page.Position))
            {
                cursor = ChangeCursor.AfterRevision(page.Position.Revision);
                yield return Resync(cursor.Revision);
                break;
            }
            foreach (var change in page.Changes)
            {
                yield return change;
            }
            cursor = page.Next;
            more = page.Changes.Count == settings.WatcherPage;
        }
        var seen = cursor.Revision;
        while (await live.WaitAsync(stop).ConfigureAwait(false))
        {
            var (changes, resyncThrough) = live.Take();
            if (resyncThrough > seen)
            {
                seen = resyncThrough.Value;
                yield return Resync(seen);
            }
            foreach (var change in changes)
            {
                if (change.Revision > seen)
                {
                    yield return change;
                }
            }
            seen = changes.Count > 0 ? Math.Max(seen, changes[^1].Revision) : seen;
        }
    }

    /// <summary>The log's observer of this type, made when it is first asked for. It lives as long as the log.</summary>
    public T Observer<T>(Func<DocumentLog, T> make) where T : DocumentObserver => observers.GetOrAdd(() => make(this));

    /// <summary>
    /// Takes the lease when it is free, lapsed, or held under the same name (a restarted holder). Null when another holds it, unless
    /// <paramref name="evenIfHeld"/> says that the other is known to be gone. Every acquisition gets a new, larger epoch.
    /// </summary>
    public ValueTask<Lease?> AcquireLeaseAsync(string name, string holder, TimeSpan life, CancellationToken stop, bool evenIfHeld = false)
    {
        CheckText(name);
        CheckText(holder);
        ArgumentException.ThrowIfNullOrEmpty(holder);
        return writer.LeaseAsync(new LeaseRequest(LeaseAction.Acquire, name, holder, 0, life, evenIfHeld), stop);
    }

    /// <summary>Extends the lease from now. Null when it was taken over or released; a lapsed lease that nobody took is still the holder's.</summary>
    public ValueTask<Lease?> RenewLeaseAsync(Lease lease, TimeSpan life, CancellationToken stop) =>
        writer.LeaseAsync(new LeaseRequest(LeaseAction.Renew, lease.Name, lease.Holder, lease.Epoch, life, false), stop);

    /// <summary>Gives the lease up; commits under its fence are refused from then on. False when it was no longer held.</summary>
    public async ValueTask<bool> ReleaseLeaseAsync(Lease lease, CancellationToken stop) =>
        await writer.LeaseAsync(new LeaseRequest(LeaseAction.Release, lease.Name, lease.Holder, lease.Epoch, default, false), stop).ConfigureAwait(false) is not null;

    /// <summary>Leases in name order, lapsed ones included: <see cref="Lease.IsHeldAt"/> tells.</summary>
    public ValueTask<IReadOnlyList<Lease>> ListLeasesAsync(CancellationToken stop, string namePrefix = "") => backend.ListLeasesAsync(namePrefix, stop);

    /// <summary>
    /// Empties the log: documents, history and leases. Watchers are told to resync; revisions and epochs go on rising.
    /// </summary>
    public ValueTask ResetAsync(CancellationToken stop) => writer.ResetAsync(stop);

    public async ValueTask DisposeAsync()
    {
        await writer.StopAsync().ConfigureAwait(false);
        feed.Close();
        await backend.DisposeAsync().ConfigureAwait(false);
    }

    // A cursor inside a commit whose rows are trimmed has lost the commit's other half. One beyond the log comes from another life of it.
    private static bool Lost(ChangeCursor cursor, LogPosition position) =>
        cursor.Revision < position.TrimmedThrough
        || (cursor.Revision == position.TrimmedThrough && cursor.Ordinal != int.MaxValue)
        || cursor.Revision > position.Revision;

    private static DocumentChange Resync(long revision) => new(revision, default, false, true);

    private Document<T>[] Read<T>(DocumentKind<T> kind, IReadOnlyList<RawDocument> raw) where T : class
    {
        var documents = new Document<T>[raw.Count];
        for (var i = 0; i < documents.Length; i++)
        {
            documents[i] = DocumentBodies.Read(kind, raw[i], sealer);
        }
        return documents;
    }

    private PreparedCommit Prepare(Commit commit)
    {
        if (commit.Writes.Count > Commit.MaximumWrites)
        {
            throw new InvalidOperationException($"A commit has at most {Commit.MaximumWrites} writes, not {commit.Writes.Count}.");
        }
        var writes = new DocumentWrite[commit.Writes.Count];
        for (var i = 0; i < writes.Length; i++)
        {
            writes[i] = Prepare(commit.Writes[i]);
        }
        // Copies: the caller may reuse its commit after the call, and the writer reads it later.
        return new PreparedCommit(commit.Expectations.ToArray(), writes, commit.Fence);
    }

    private DocumentWrite Prepare(DocumentWrite write)
    {
        CheckText(write.Key.Kind);
        CheckText(write.Key.Scope);
        CheckText(write.Key.Name);
        if (write.Body is not { } body)
        {
            return write;
        }
        if (body.Length > settings.MaximumBodyBytes)
        {
            throw new InvalidOperationException($"{write.Key} has {body.Length} bytes; a document has at most {settings.MaximumBodyBytes}.");
        }
        return write.Secret ? write with { Body = sealer.Seal(write.Key, body.Span) } : write;
    }

    private void CheckText(string part)
    {
        if (part.Length > settings.MaximumKeyLength || part.Contains('\0'))
        {
            throw new ArgumentException($"A part of a document's key has at most {settings.MaximumKeyLength} characters and no NUL.", nameof(part));
        }
    }
}

/// <summary>One change. <see cref="Deleted"/> tells a removal. When <see cref="Resync"/> is set the key is empty.</summary>
public readonly record struct DocumentChange(long Revision, DocumentKey Key, bool Deleted, bool Resync)
{
    /// <summary>The new value, for observers; null in what is read from history.</summary>
    public object? Value { get; init; }
}
