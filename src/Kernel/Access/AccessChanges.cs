using System.Collections.Concurrent;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>
/// Counts the commits that change access documents. The log tells it of a commit before it tells the committer, so whoever finds the count
/// unchanged since before a read knows that no acknowledged change is missing from what was read.
/// </summary>
public sealed class AccessChanges : DocumentObserver
{
    private long _count;

    private AccessChanges()
    {
    }

    /// <summary>The log's own; all users of one log share it.</summary>
    public static AccessChanges Of(DocumentLog documents) => documents.Observer(_ => new AccessChanges());

    public long Count => Volatile.Read(ref _count);

    public override void Committed(IReadOnlyList<DocumentChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Resync || change.Key.Kind.StartsWith("iam.", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _count);
                return;
            }
        }
    }

    public override void Voided() => Interlocked.Increment(ref _count);
}

/// <summary>
/// Results that were worked out from access documents, kept until the next change of any of them: a kept result is never older than the
/// last acknowledged change. Beyond the bound it starts over, which is also how results go that nobody asks for any more.
/// </summary>
public sealed class AccessCache<T>(AccessChanges changes, int maximumKept)
    where T : notnull
{
    private readonly ConcurrentDictionary<string, Kept> _kept = new(StringComparer.Ordinal);

    private sealed record Kept(T Value, long Count);

    /// <summary>What to hand to <see cref="Keep"/>; taken before the documents are read.</summary>
    public long Now => changes.Count;

    public bool TryGet(string key, out T value)
    {
        if (_kept.TryGetValue(key, out var kept) && kept.Count == changes.Count)
        {
            value = kept.Value;
            return true;
        }
        value = default!;
        return false;
    }

    public T Keep(string key, T value, long readAt)
    {
        if (_kept.Count >= maximumKept)
        {
            _kept.Clear();
        }
        _kept[key] = new Kept(value, readAt);
        return value;
    }

    public void Clear() => _kept.Clear();
}
