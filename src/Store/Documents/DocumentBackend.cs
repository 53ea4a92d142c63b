namespace Longspan.Store.Documents;

/// <summary>
/// What a database must do for the document log, and nothing more. The log above decides what things mean (types, sealing, upgrades,
/// grouping, the feed); a backend below only stores.
/// <para>
/// A backend gives revisions from a counter that it advances inside the transaction which writes the documents. So the order in which
/// changes become visible is the order of their revisions, and "everything after N" is a safe question. A sequence would not do: its
/// numbers become visible out of order.
/// </para>
/// <para>
/// <see cref="ApplyAsync"/>, <see cref="LeasesAsync"/>, <see cref="TrimAsync"/> and <see cref="ResetAsync"/> are called by one writer at a
/// time; the reads may run beside them and beside each other. Whatever a write returns is durable. When the outcome of a
/// write cannot be known it throws <see cref="CommitUnknownException"/>; any other exception promises that nothing was written.
/// </para>
/// </summary>
public abstract class DocumentBackend : IAsyncDisposable
{
    /// <summary>Opens the database, takes its schema forward and tells where the log stands.</summary>
    public abstract ValueTask<LogPosition> OpenAsync(CancellationToken stop);

    public abstract ValueTask<RawDocument?> GetAsync(DocumentKey key, CancellationToken stop);

    /// <summary>Documents in key order.</summary>
    public abstract ValueTask<IReadOnlyList<RawDocument>> ListAsync(DocumentRange range, CancellationToken stop);

    /// <summary>Documents of one scope with this index entry, in name order.</summary>
    public abstract ValueTask<IReadOnlyList<RawDocument>> ListByIndexAsync(IndexRange range, CancellationToken stop);

    /// <summary>
    /// Change rows after a position in order, at most <paramref name="limit"/> of them, together with where the log stood in the
    /// same snapshot.
    /// </summary>
    public abstract ValueTask<ChangePage> ChangesAsync(ChangeCursor after, int limit, CancellationToken stop);

    /// <summary>
    /// One transaction and one sync for all of them. Each commit's fence and expectations are checked by themselves, against what the
    /// commits before it in the group wrote; one that fails writes nothing and hinders no other.
    /// </summary>
    public abstract ValueTask<IReadOnlyList<AppliedCommit>> ApplyAsync(
        IReadOnlyList<PreparedCommit> commits, DateTimeOffset now, CancellationToken stop);

    /// <summary>One transaction for all requests, in order. A refused request answers null.</summary>
    public abstract ValueTask<IReadOnlyList<Lease?>> LeasesAsync(IReadOnlyList<LeaseRequest> requests, DateTimeOffset now, CancellationToken stop);

    /// <summary>Leases whose name starts with the prefix, lapsed ones included, in name order.</summary>
    public abstract ValueTask<IReadOnlyList<Lease>> ListLeasesAsync(string namePrefix, CancellationToken stop);

    /// <summary>Forgets change rows that are older than the time or beyond the count, whole commits only; answers where the log then stands.</summary>
    public abstract ValueTask<LogPosition> TrimAsync(DateTimeOffset olderThan, long keepRevisions, CancellationToken stop);

    /// <summary>
    /// Removes every document, change and lease. Revisions and epochs go on from where they were, so that nothing handed out before can
    /// be mistaken for something of the new life.
    /// </summary>
    public abstract ValueTask<LogPosition> ResetAsync(CancellationToken stop);

    public abstract ValueTask DisposeAsync();
}

/// <summary>Where the log stands: the newest revision, and the newest revision whose change rows are gone.</summary>
public readonly record struct LogPosition(long Revision, long TrimmedThrough);

/// <summary>Scope is exact, unless <see cref="ScopeIsPrefix"/>; then names are not filtered.</summary>
public readonly record struct DocumentRange(
    string Kind, string Scope, bool ScopeIsPrefix, string NamePrefix, string? AfterName, int Limit);

public readonly record struct IndexRange(string Kind, string Scope, string Index, string Value, string? AfterName, int Limit);

/// <summary>A commit takes one revision; its changes are told apart by their ordinal.</summary>
public readonly record struct ChangeCursor(long Revision, int Ordinal)
{
    public static ChangeCursor AfterRevision(long revision) => new(revision, int.MaxValue);
}

public sealed record ChangePage(LogPosition Position, IReadOnlyList<DocumentChange> Changes, ChangeCursor Next);

/// <summary>A commit as a backend gets it: bodies are final bytes (secret ones already sealed).</summary>
public sealed record PreparedCommit(
    IReadOnlyList<(DocumentKey Key, long Revision)> Expectations, IReadOnlyList<DocumentWrite> Writes, LeaseFence? Fence);

/// <summary>The result and the changes that it really made: deleting what is not there is no change.</summary>
public readonly record struct AppliedCommit(CommitResult Result, IReadOnlyList<DocumentChange> Changes);

public enum LeaseAction
{
    Acquire,
    Renew,
    Release,
}

/// <param name="Action">What is asked.</param>
/// <param name="Name">The lease.</param>
/// <param name="Holder">Who asks.</param>
/// <param name="Epoch">For renew and release: the epoch that the holder believes to have.</param>
/// <param name="Life">How long from now.</param>
/// <param name="EvenIfHeld">For acquire: do not wait for another holder's expiry.</param>
public readonly record struct LeaseRequest(LeaseAction Action, string Name, string Holder, long Epoch, TimeSpan Life, bool EvenIfHeld);

/// <summary>The write may or may not be on disk. Read again; expectations make a repeat safe.</summary>
public sealed class CommitUnknownException(string message, Exception cause) : IOException(message, cause);
