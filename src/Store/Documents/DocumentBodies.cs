using System.Text.Json;
using System.Text.Json.Nodes;

namespace Longspan.Store.Documents;

/// <summary>From stored bytes to a typed value: open the seal, take old schema versions forward, read.</summary>
internal static class DocumentBodies
{
    public static Document<T> Read<T>(DocumentKind<T> kind, RawDocument raw, Sealer sealer) where T : class
    {
        var body = kind.Secret ? sealer.Open(raw.Key, raw.Body.Span) : raw.Body;
        var value = raw.SchemaVersion == kind.SchemaVersion
            ? JsonSerializer.Deserialize(body.Span, kind.Json)
            : Upgrade(kind, raw, body.Span);
        return new Document<T>(raw.Key, raw.Revision, raw.CreatedRevision, value ?? throw Broken(raw, "is null"));
    }

    private static T? Upgrade<T>(DocumentKind<T> kind, RawDocument raw, ReadOnlySpan<byte> body) where T : class
    {
        if (raw.SchemaVersion > kind.SchemaVersion)
        {
            throw Broken(raw, $"has schema version {raw.SchemaVersion}, this build knows versions up to {kind.SchemaVersion}; use a newer build");
        }
        if (kind.Upgrades.Count != kind.SchemaVersion - 1)
        {
            throw new InvalidOperationException(
                $"Kind {kind.Name} is at schema version {kind.SchemaVersion} and needs {kind.SchemaVersion - 1} upgrade steps, not {kind.Upgrades.Count}.");
        }
        var node = JsonNode.Parse(body) ?? throw Broken(raw, "is null");
        for (var version = raw.SchemaVersion; version < kind.SchemaVersion; version++)
        {
            node = kind.Upgrades[version - 1](node);
        }
        return node.Deserialize(kind.Json);
    }

    private static InvalidDataException Broken(RawDocument raw, string what) => new($"Document {raw.Key} at revision {raw.Revision} {what}.");
}
