using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.S3.Documents;
using Longspan.Services.S3.Rules;
using Longspan.Store.Blobs;
using Longspan.Store.Documents;

namespace Longspan.Services.S3;

/// <summary>What an S3 operation works with.</summary>
public sealed class S3Context
{
    /// <summary>An operation that loses the race for a document this often gives up.</summary>
    internal const int MaximumAttempts = 10;

    internal S3Context(CallContext call, BlobStore blobs, SealedBox box) => (Call, Blobs, Box) = (call, blobs, box);

    internal CallContext Call { get; }
    internal BlobStore Blobs { get; }
    internal SealedBox Box { get; }
    internal DocumentLog Documents => Call.Cloud.Documents;

    internal string ObjectScope(string bucket) => S3Kinds.ObjectScope(Call.AccountId, bucket);

    internal async ValueTask<Document<BucketDocument>> RequireBucketAsync(string name, CancellationToken stop) =>
        (BucketNames.IsValid(name) ? await Documents.GetAsync(S3Kinds.Bucket, Call.AccountId, name, stop) : null) ?? throw S3Faults.NoSuchBucket();

    internal async ValueTask<Document<ObjectDocument>?> FindObjectAsync(string bucket, string key, CancellationToken stop) =>
        ObjectKeys.IsValid(key) ? await Documents.GetAsync(S3Kinds.Object, ObjectScope(bucket), key, stop) : throw S3Faults.KeyTooLong();
}
