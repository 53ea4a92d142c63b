using System.Runtime.CompilerServices;

namespace Longspan.Store.Documents;

// SEAM SKETCH: the signatures below are what every service codes against; the store's owner fills in the bodies.
public sealed class DocumentLog
{
    /// <summary>The document, or null.</summary>
    public ValueTask<Document<T>?> GetAsync<T>(DocumentKind<T> kind, string scope, string name, CancellationToken stop) where T : class => throw new NotImplementedException();

    /// <summary>
    /// Documents of one exact scope in name order, after <paramref name="afterName"/> (exclusive), at most <paramref name="limit"/>.
    /// </summary>
    public ValueTask<IReadOnlyList<Document<T>>> ListAsync<T>(
        DocumentKind<T> kind, string scope, CancellationToken stop, string namePrefix = "", string? afterName = null, int limit = int.MaxValue) where T : class => throw new NotImplementedException();

    /// <summary>All documents of a kind, in every scope (that starts with the prefix), in key order.</summary>
    public ValueTask<IReadOnlyList<Document<T>>> ListAllAsync<T>(DocumentKind<T> kind, CancellationToken stop, string scopePrefix = "") where T : class => throw new NotImplementedException();

    /// <summary>Documents of one scope that declared this index value, in name order.</summary>
    public ValueTask<IReadOnlyList<Document<T>>> ListByIndexAsync<T>(
        DocumentKind<T> kind, string scope, string index, string value, CancellationToken stop, string? afterName = null, int limit = int.MaxValue) where T : class => throw new NotImplementedException();

    /// <summary>Durable when it returns <see cref="CommitStatus.Committed"/>: grouped with its neighbours under one fsync.</summary>
    public ValueTask<CommitResult> CommitAsync(Commit commit, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>The newest committed revision.</summary>
    public long Revision => throw new NotImplementedException();

    /// <summary>
    /// Changes after <paramref name="afterRevision"/> in revision order, for ever. A <see cref="DocumentChange.Resync"/> entry means that
    /// the history no longer reaches back, or that this reader fell behind its bound: list again, then go on from its revision.
    /// </summary>
    public IAsyncEnumerable<DocumentChange> WatchAsync(long afterRevision, CancellationToken stop) => throw new NotImplementedException();
}

/// <summary>One change. <see cref="Deleted"/> tells a removal. When <see cref="Resync"/> is set the key is empty.</summary>
public readonly record struct DocumentChange(long Revision, DocumentKey Key, bool Deleted, bool Resync);
