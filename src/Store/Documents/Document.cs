using System.Text.Json.Serialization.Metadata;

namespace Longspan.Store.Documents;

/// <summary>
/// A document's address. <see cref="Scope"/> is <c>account/region</c> or <c>account/region/cluster</c> (IAM uses <c>account</c>);
/// neither part may hold a NUL. Keys sort by ordinal comparison of kind, scope and name.
/// </summary>
public readonly record struct DocumentKey(string Kind, string Scope, string Name)
{
    public override string ToString() => $"{Kind} {Scope} {Name}";
}

/// <summary>A document as a backend holds it: JSON bytes of the given schema version.</summary>
public sealed record RawDocument(DocumentKey Key, long Revision, long CreatedRevision, int SchemaVersion, ReadOnlyMemory<byte> Body);

/// <summary>A document read through its kind. <see cref="Revision"/> is what a later commit expects.</summary>
public sealed record Document<T>(DocumentKey Key, long Revision, long CreatedRevision, T Value) where T : class;

/// <summary>
/// Declares a kind of document: its name on disk (frozen), its serializer (source-generated), its schema version with one upgrade
/// step per earlier version, whether its body is sealed before it reaches the backend, and the index entries that it declares.
/// </summary>
public sealed class DocumentKind<T> : DocumentKind where T : class
{
    public required JsonTypeInfo<T> Json { get; init; }
    /// <summary>Index name and value pairs of a document; listed by <c>ListByIndexAsync</c>. Values are exact-match.</summary>
    public Func<DocumentKey, T, IEnumerable<(string Index, string Value)>>? Indexes { get; init; }
}

public abstract class DocumentKind
{
    public required string Name { get; init; }
    public int SchemaVersion { get; init; } = 1;
    /// <summary>Step <c>i</c> takes a version <c>i + 1</c> body to version <c>i + 2</c>.</summary>
    public IReadOnlyList<Func<System.Text.Json.Nodes.JsonNode, System.Text.Json.Nodes.JsonNode>> Upgrades { get; init; } = [];
    /// <summary>The body is encrypted with the data folder's key (AES-256-GCM) before a backend sees it. Indexes stay readable.</summary>
    public bool Secret { get; init; }
    /// <summary>
    /// Changes carry the written value to a <see cref="DocumentObserver"/>. The value is shared, so it must never be changed afterwards.
    /// </summary>
    public bool Observed { get; init; }
}
