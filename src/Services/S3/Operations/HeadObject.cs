using Longspan.Api.S3;
using Longspan.Services.S3.Documents;
using Longspan.Services.S3.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Operations;

internal static class HeadObject
{
    public static async ValueTask<HeadObjectOutput> HandleAsync(S3Context cx, HeadObjectRequest request, CancellationToken stop)
    {
        var bucket = await cx.Documents.GetAsync(S3Kinds.Bucket, cx.Call.AccountId, request.Bucket!, stop);
        var found = (bucket is null ? null : await cx.FindObjectAsync(request.Bucket!, request.Key!, stop)) ?? throw S3Faults.NotFound();
        Preconditions.CheckRead(found.Value, request.IfMatch, request.IfNoneMatch, request.IfModifiedSince, request.IfUnmodifiedSince);
        return new HeadObjectOutput
        {
            ContentLength = found.Value.Size,
            ETag = $"\"{found.Value.ETag}\"",
            LastModified = found.Value.LastModified,
            ContentType = found.Value.ContentType ?? "binary/octet-stream",
            CacheControl = found.Value.CacheControl,
            ContentDisposition = found.Value.ContentDisposition,
            ContentEncoding = found.Value.ContentEncoding,
            ContentLanguage = found.Value.ContentLanguage,
            Expires = found.Value.Expires,
            ServerSideEncryption = "AES256",
            Metadata = found.Value.Metadata.Count > 0 ? new Dictionary<string, string>(found.Value.Metadata) : null,
        };
    }
}
