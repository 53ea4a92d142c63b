using System.Security.Cryptography;
using System.Text;
using Longspan.Api.S3;
using Longspan.Kernel;
using Longspan.Services.S3.Documents;
using Longspan.Services.S3.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Operations;

internal static class PutObject
{
    private const int MaximumMetadataBytes = 2048;

    public static async ValueTask<PutObjectOutput> HandleAsync(S3Context cx, PutObjectRequest request, CancellationToken stop)
    {
        Check(request);
        var bucket = await cx.RequireBucketAsync(request.Bucket!, stop);
        var before = await cx.FindObjectAsync(request.Bucket!, request.Key!, stop);
        Preconditions.CheckWrite(before?.Value, request.IfMatch, request.IfNoneMatch);
        var made = await StoreAsync(cx, request, stop);
        for (var attempt = 0; attempt < S3Context.MaximumAttempts; attempt++)
        {
            // The bucket is rewritten as it is: it must not be deleted meanwhile.
            var commit = new Commit().Update(S3Kinds.Bucket, bucket, bucket.Value);
            commit = before is null
                ? commit.Create(S3Kinds.Object, cx.ObjectScope(request.Bucket!), request.Key!, made)
                : commit.Update(S3Kinds.Object, before, made);
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                if (before is not null)
                {
                    await cx.Blobs.DeleteAsync(before.Value.Blob, stop);
                }
                return new PutObjectOutput { ETag = $"\"{made.ETag}\"", ServerSideEncryption = "AES256", ChecksumSHA256 = request.ChecksumSHA256 };
            }
            bucket = await cx.RequireBucketAsync(request.Bucket!, stop);
            before = await cx.FindObjectAsync(request.Bucket!, request.Key!, stop);
            Preconditions.CheckWrite(before?.Value, request.IfMatch, request.IfNoneMatch);
        }
        throw S3Faults.Conflict();
    }

    private static void Check(PutObjectRequest request)
    {
        if (!ObjectKeys.IsValid(request.Key!))
        {
            throw S3Faults.KeyTooLong();
        }
        if (request.ServerSideEncryption is not null and not "AES256" || request.SSECustomerAlgorithm is not null)
        {
            throw S3Faults.NotImplemented("Encryption with other keys than the server's own (AES256)");
        }
        if (request.Metadata?.Sum(pair => Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value)) > MaximumMetadataBytes)
        {
            throw new Api.Shapes.AwsError("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
        }
        var content = request.Body ?? default;
        if ((request.ContentMD5 is { } md5 && md5 != Convert.ToBase64String(MD5.HashData(content.Span)))
            || (request.ChecksumSHA256 is { } sha256 && sha256 != Convert.ToBase64String(SHA256.HashData(content.Span)))
            || (request.ChecksumSHA1 is { } sha1 && sha1 != Convert.ToBase64String(SHA1.HashData(content.Span))))
        {
            throw S3Faults.BadDigest();
        }
    }

    private static async ValueTask<ObjectDocument> StoreAsync(S3Context cx, PutObjectRequest request, CancellationToken stop)
    {
        var content = request.Body ?? default;
        var id = Ids.Hex(32);
        var digest = await cx.Blobs.PutAsync(cx.Box.Seal(content.Span, id), stop);
        return new ObjectDocument
        {
            Digest = digest.ToString(),
            ContentId = id,
            Size = content.Length,
            ETag = Convert.ToHexStringLower(MD5.HashData(content.Span)),
            LastModified = cx.Call.Now,
            ContentType = request.ContentType,
            CacheControl = request.CacheControl,
            ContentDisposition = request.ContentDisposition,
            ContentEncoding = request.ContentEncoding,
            ContentLanguage = request.ContentLanguage,
            Expires = request.Expires,
            Metadata = request.Metadata ?? [],
        };
    }
}
