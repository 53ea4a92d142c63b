using Longspan.Api.S3;
using Longspan.Kernel.Access;

namespace Longspan.Services.S3;

/// <summary>What the operations ask of the policies: S3's ARNs name neither region nor account.</summary>
internal static class S3Access
{
    public static string Bucket(string? name) => $"arn:aws:s3:::{name}";

    public static string Object(string? bucket, string? key) => $"arn:aws:s3:::{bucket}/{key}";

    /// <summary>Heads need what the reading beside them needs.</summary>
    public static ValueTask<IReadOnlyList<AccessDemand>> HeadBucketAsync(S3Context cx, HeadBucketRequest request, CancellationToken stop) =>
        One(new AccessDemand("s3:ListBucket", Bucket(request.Bucket)));

    public static ValueTask<IReadOnlyList<AccessDemand>> HeadObjectAsync(S3Context cx, HeadObjectRequest request, CancellationToken stop) =>
        One(new AccessDemand("s3:GetObject", Object(request.Bucket, request.Key)));

    public static ValueTask<IReadOnlyList<AccessDemand>> ListObjectsAsync(S3Context cx, ListObjectsV2Request request, CancellationToken stop) =>
        One(new AccessDemand("s3:ListBucket", Bucket(request.Bucket))
        {
            Keys = AccessRules.Keys(("s3:prefix", request.Prefix), ("s3:delimiter", request.Delimiter)),
        });

    public static ValueTask<IReadOnlyList<AccessDemand>> ListBucketsAsync(S3Context cx, ListBucketsRequest request, CancellationToken stop) =>
        One(new AccessDemand("s3:ListAllMyBuckets", "*"));

    public static ValueTask<IReadOnlyList<AccessDemand>> DeleteObjectsAsync(S3Context cx, DeleteObjectsRequest request, CancellationToken stop) =>
        ValueTask.FromResult<IReadOnlyList<AccessDemand>>(
            [.. (request.Delete?.Objects ?? []).Select(one => new AccessDemand("s3:DeleteObject", Object(request.Bucket, one.Key)))]);

    private static ValueTask<IReadOnlyList<AccessDemand>> One(AccessDemand demand) => ValueTask.FromResult<IReadOnlyList<AccessDemand>>([demand]);
}
