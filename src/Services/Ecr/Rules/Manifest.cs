using System.Security.Cryptography;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Services.Ecr.Rules;

/// <summary>
/// What a registry needs to know of a manifest: its kind, what it refers to, how large that is. The bytes are kept as they came,
/// because the digest is theirs.
/// </summary>
internal sealed record Manifest(
    string MediaType, string? ArtifactMediaType, IReadOnlyList<string> Blobs, IReadOnlyList<string> Images, long ContentBytes, string? Subject)
{
    /// <summary>The OCI distribution specification asks registries to take at least this much; ECR takes no more.</summary>
    public const int MaximumBytes = 4 * 1024 * 1024;
    private const int MaximumReferences = 4096;

    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    public IReadOnlyList<string> References => [.. Blobs, .. Images];

    public static string DigestOf(ReadOnlySpan<byte> bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    /// <summary>Null when the text is not a manifest of schema 2 or OCI; <paramref name="statedType"/> decides where the text is silent.</summary>
    public static Manifest? Parse(ReadOnlyMemory<byte> bytes, string? statedType)
    {
        try
        {
            using var json = UntrustedJson.Parse(bytes, new JsonDocumentOptions { MaxDepth = 32 });
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schemaVersion", out var version) || !version.TryGetInt32(out var schema) || schema != 2)
            {
                return null;
            }
            var mediaType = Text(root, "mediaType") ?? statedType ?? (root.TryGetProperty("manifests", out _) ? OciIndex : OciManifest);
            return mediaType switch
            {
                DockerManifest or OciManifest => ParseImage(root, mediaType),
                DockerList or OciIndex => ParseIndex(root, mediaType),
                _ => null,
            };
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static Manifest? ParseImage(JsonElement root, string mediaType)
    {
        if (!root.TryGetProperty("config", out var config) || Descriptor(config) is not { } configuration || !root.TryGetProperty("layers", out var layers))
        {
            return null;
        }
        var blobs = new List<string> { configuration.Digest };
        var bytes = configuration.Size;
        foreach (var layer in layers.EnumerateArray())
        {
            if (Descriptor(layer) is not { } descriptor || blobs.Count >= MaximumReferences)
            {
                return null;
            }
            // Foreign layers live elsewhere; a registry does not hold them.
            if (Text(layer, "mediaType")?.Contains("foreign", StringComparison.Ordinal) != true && Text(layer, "mediaType")?.Contains("nondistributable", StringComparison.Ordinal) != true)
            {
                blobs.Add(descriptor.Digest);
            }
            bytes += descriptor.Size;
        }
        return new Manifest(mediaType, Text(root, "artifactType") ?? Text(config, "mediaType"), blobs, [], bytes, SubjectOf(root));
    }

    private static Manifest? ParseIndex(JsonElement root, string mediaType)
    {
        if (!root.TryGetProperty("manifests", out var manifests))
        {
            return null;
        }
        var images = new List<string>();
        foreach (var manifest in manifests.EnumerateArray())
        {
            if (Descriptor(manifest) is not { } descriptor || images.Count >= MaximumReferences)
            {
                return null;
            }
            images.Add(descriptor.Digest);
        }
        return new Manifest(mediaType, Text(root, "artifactType"), [], images, 0, SubjectOf(root));
    }

    private static (string Digest, long Size)? Descriptor(JsonElement element) =>
        Text(element, "digest") is { } digest && Names.IsDigest(digest) && element.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) && bytes >= 0
            ? (digest, bytes)
            : null;

    private static string? SubjectOf(JsonElement root) => root.TryGetProperty("subject", out var subject) ? Text(subject, "digest") : null;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
