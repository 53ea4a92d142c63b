namespace Longspan.Node.Engines;

/// <summary>An image reference in its parts: <c>host/name:tag</c> or <c>host/name@sha256:…</c>.</summary>
/// <param name="Registry">The registry's host and port; null for Docker's default registry.</param>
/// <param name="Repository">Everything before tag and digest.</param>
public sealed record ImageReference(string? Registry, string Repository, string? Tag, string? Digest)
{
    /// <summary>What the engine's pull call takes as its tag.</summary>
    public string TagOrDigest => Digest ?? Tag ?? "latest";

    public static ImageReference Parse(string image)
    {
        ArgumentNullException.ThrowIfNull(image);
        string? digest = null;
        string? tag = null;
        var rest = image;
        if (rest.IndexOf('@', StringComparison.Ordinal) is var at && at >= 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
        }
        var slash = rest.LastIndexOf('/');
        if (rest.IndexOf(':', slash + 1) is var colon && colon >= 0)
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
        }
        var first = rest.IndexOf('/', StringComparison.Ordinal);
        var host = first < 0 ? null : rest[..first];
        var isRegistry = host is not null
            && (host.Contains('.', StringComparison.Ordinal) || host.Contains(':', StringComparison.Ordinal) || host == "localhost");
        return new ImageReference(isRegistry ? host : null, rest, tag, digest);
    }
}
