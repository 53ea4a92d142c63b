using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr.Documents;

/// <summary>
/// A repository. Scope <c>account/region</c>, name is the repository's own, slashes included. Whatever adds an image or takes one away writes
/// this document too, unchanged, so that its revision orders them and none decides on what another is just removing.
/// </summary>
/// <param name="Deleting">
/// It is gone for callers; its contents are being removed, after which the document goes as well. Until then the name stays taken.
/// </param>
internal sealed record RepositoryDocument(
    string Name, DateTimeOffset CreatedAt, string ImageTagMutability, bool ScanOnPush, IReadOnlyDictionary<string, string> Tags, string? Policy,
    bool Deleting = false);

/// <summary>An image: a manifest that was put. Scope <c>account/region/repository</c>, name is its digest.</summary>
/// <param name="SizeBytes">The layers' and the configuration's sizes together, as ECR counts.</param>
/// <param name="References">Digests of the blobs, or for an index of the images, that it needs.</param>
internal sealed record ImageDocument(
    string Digest, string MediaType, string? ArtifactMediaType, long SizeBytes, long ManifestBytes, DateTimeOffset PushedAt,
    IReadOnlyList<string> References, string? Subject);

/// <summary>A tag. Scope <c>account/region/repository</c>, name is the tag.</summary>
internal sealed record TagDocument(string Digest);

/// <summary>That a repository holds a blob: the blob itself is stored once for all. Scope as images, name is the digest.</summary>
internal sealed record LayerDocument(long SizeBytes);

internal static class EcrKinds
{
    public const string ImageOfTag = "image";
    public const string ReferenceOfImage = "reference";

    public static readonly DocumentKind<RepositoryDocument> Repository = new() { Name = "ecr.repository", Json = EcrJson.Default.RepositoryDocument };

    public static readonly DocumentKind<ImageDocument> Image = new()
    {
        Name = "ecr.image",
        Json = EcrJson.Default.ImageDocument,
        Indexes = static (_, image) => image.References.Distinct().Select(digest => (ReferenceOfImage, digest)),
    };

    public static readonly DocumentKind<TagDocument> Tag = new()
    {
        Name = "ecr.tag", Json = EcrJson.Default.TagDocument, Indexes = static (_, tag) => [(ImageOfTag, tag.Digest)],
    };

    public static readonly DocumentKind<LayerDocument> Layer = new() { Name = "ecr.layer", Json = EcrJson.Default.LayerDocument };
}

[JsonSerializable(typeof(RepositoryDocument))]
[JsonSerializable(typeof(ImageDocument))]
[JsonSerializable(typeof(TagDocument))]
[JsonSerializable(typeof(LayerDocument))]
internal sealed partial class EcrJson : JsonSerializerContext;
