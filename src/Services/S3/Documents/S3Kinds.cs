using System.Text.Json.Serialization;
using Longspan.Store.Blobs;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Documents;

/// <summary>A bucket. Scope is the account: names are told apart across regions. Whatever puts an object writes it too, unchanged, so that a
/// deletion and a put that race cannot both succeed.</summary>
internal sealed record BucketDocument(string Name, string Region, DateTimeOffset CreatedAt);

/// <summary>
/// An object's newest and only version. Scope <c>account/bucket</c>, name is the key. The content is sealed under <see cref="ContentId"/> and kept in a
/// blob of its own: each sealing has another nonce, so no two objects ever share a blob.
/// </summary>
internal sealed record ObjectDocument
{
    public required string Digest { get; init; }
    public required string ContentId { get; init; }
    public required long Size { get; init; }
    /// <summary>The content's MD5 in hex, without quotes.</summary>
    public required string ETag { get; init; }
    public required DateTimeOffset LastModified { get; init; }
    public string? ContentType { get; init; }
    public string? CacheControl { get; init; }
    public string? ContentDisposition { get; init; }
    public string? ContentEncoding { get; init; }
    public string? ContentLanguage { get; init; }
    public DateTimeOffset? Expires { get; init; }
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    [JsonIgnore]
    public BlobDigest Blob => BlobDigest.TryParse(Digest, out var digest) ? digest : throw new InvalidDataException($"'{Digest}' is no digest.");
}

internal static class S3Kinds
{
    public static readonly DocumentKind<BucketDocument> Bucket = new() { Name = "s3.bucket", Json = S3Json.Default.BucketDocument };

    public static readonly DocumentKind<ObjectDocument> Object = new() { Name = "s3.object", Json = S3Json.Default.ObjectDocument };

    public static string ObjectScope(string account, string bucket) => $"{account}/{bucket}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BucketDocument))]
[JsonSerializable(typeof(ObjectDocument))]
internal sealed partial class S3Json : JsonSerializerContext;
