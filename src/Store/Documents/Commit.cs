using System.Text.Json;

namespace Longspan.Store.Documents;

/// <summary>
/// An atomic change as plain data: what must still hold, and what is written. Build it with the fluent methods, hand it to
/// <see cref="DocumentLog.CommitAsync"/>. Nothing in it runs inside the transaction.
/// </summary>
public sealed class Commit
{
    /// <summary>More writes than this in one commit is a bug of the caller.</summary>
    public const int MaximumWrites = 1000;

    internal List<(DocumentKey Key, long Revision)> Expectations { get; } = [];
    internal List<DocumentWrite> Writes { get; } = [];
    internal LeaseFence? Fence { get; private set; }

    public bool IsEmpty => Writes.Count == 0;
    public int Count => Writes.Count;

    /// <summary>The document must not exist.</summary>
    public Commit ExpectAbsent<T>(DocumentKind<T> kind, string scope, string name) where T : class
    {
        Expectations.Add((new DocumentKey(kind.Name, scope, name), 0));
        return this;
    }

    /// <summary>The document must still be at the revision at which it was read.</summary>
    public Commit Expect<T>(Document<T> document) where T : class
    {
        Expectations.Add((document.Key, document.Revision));
        return this;
    }

    /// <summary>Writes without an expectation of its own: the last writer wins.</summary>
    public Commit Put<T>(DocumentKind<T> kind, string scope, string name, T value) where T : class
    {
        var key = new DocumentKey(kind.Name, scope, name);
        var body = JsonSerializer.SerializeToUtf8Bytes(value, kind.Json);
        Writes.Add(new DocumentWrite(key, kind.SchemaVersion, kind.Secret, body, kind.Indexes?.Invoke(key, value).ToArray() ?? [])
        {
            Value = kind.Observed ? value : null,
        });
        return this;
    }

    /// <summary>Creates: expects absence and writes.</summary>
    public Commit Create<T>(DocumentKind<T> kind, string scope, string name, T value) where T : class =>
        ExpectAbsent(kind, scope, name).Put(kind, scope, name, value);

    /// <summary>Replaces what was read: expects its revision and writes.</summary>
    public Commit Update<T>(DocumentKind<T> kind, Document<T> read, T value) where T : class =>
        Expect(read).Put(kind, read.Key.Scope, read.Key.Name, value);

    /// <summary>Deletes what was read.</summary>
    public Commit Delete<T>(Document<T> read) where T : class
    {
        Expect(read);
        Writes.Add(new DocumentWrite(read.Key, 0, false, null, []));
        return this;
    }

    /// <summary>The commit holds only while this lease is still at this epoch; a pass puts its own in.</summary>
    public Commit Under(LeaseFence fence)
    {
        Fence = fence;
        return this;
    }
}

/// <summary>A null body deletes.</summary>
public sealed record DocumentWrite(
    DocumentKey Key, int SchemaVersion, bool Secret, ReadOnlyMemory<byte>? Body, IReadOnlyList<(string Index, string Value)> Indexes)
{
    /// <summary>What the body was made from, for observers; a backend hands it on in the change and keeps it nowhere.</summary>
    public object? Value { get; init; }
}

public readonly record struct LeaseFence(string Lease, long Epoch);

public enum CommitStatus
{
    /// <summary>On disk, with <see cref="CommitResult.Revision"/>.</summary>
    Committed,
    /// <summary>An expectation no longer holds; nothing was written. Read again and decide again.</summary>
    Conflict,
    /// <summary>The fence's lease has moved on; stop the pass.</summary>
    Fenced,
}

/// <summary>The outcome of a commit. Ordinary outcomes are values: look at them.</summary>
public readonly record struct CommitResult(CommitStatus Status, long Revision)
{
    public bool Committed => Status == CommitStatus.Committed;
}
