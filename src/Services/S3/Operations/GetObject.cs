using Longspan.Api.S3;
using Longspan.Services.S3.Documents;
using Longspan.Services.S3.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Operations;

internal static class GetObject
{
    public static async ValueTask<GetObjectOutput> HandleAsync(S3Context cx, GetObjectRequest request, CancellationToken stop)
    {
        if (request.VersionId is not null and not "null")
        {
            throw S3Faults.NotImplemented("Versioning");
        }
        await cx.RequireBucketAsync(request.Bucket!, stop);
        for (var attempt = 0; attempt < S3Context.MaximumAttempts; attempt++)
        {
            var found = (await cx.FindObjectAsync(request.Bucket!, request.Key!, stop) ?? throw S3Faults.NoSuchKey()).Value;
            Preconditions.CheckRead(found, request.IfMatch, request.IfNoneMatch, request.IfModifiedSince, request.IfUnmodifiedSince);
            // A put that came between the two replaced the content; then there is another document to read.
            if (await ReadAsync(cx, found, stop) is { } content)
            {
                return Answer(request, found, content);
            }
        }
        throw S3Faults.Conflict();
    }

    private static async ValueTask<byte[]?> ReadAsync(S3Context cx, ObjectDocument found, CancellationToken stop)
    {
        await using var reading = await cx.Blobs.OpenAsync(found.Blob, stop);
        if (reading is null)
        {
            return null;
        }
        var box = new byte[reading.Length];
        await reading.Content.ReadExactlyAsync(box, stop);
        return cx.Box.TryOpen(box, found.ContentId) ?? throw new InvalidDataException($"The content {found.Digest} is damaged.");
    }

    private static GetObjectOutput Answer(GetObjectRequest request, ObjectDocument found, byte[] content) => new()
    {
        Body = content,
        ETag = $"\"{found.ETag}\"",
        LastModified = found.LastModified,
        ContentType = request.ResponseContentType ?? found.ContentType ?? "binary/octet-stream",
        CacheControl = request.ResponseCacheControl ?? found.CacheControl,
        ContentDisposition = request.ResponseContentDisposition ?? found.ContentDisposition,
        ContentEncoding = request.ResponseContentEncoding ?? found.ContentEncoding,
        ContentLanguage = request.ResponseContentLanguage ?? found.ContentLanguage,
        Expires = request.ResponseExpires ?? found.Expires,
        ServerSideEncryption = "AES256",
        Metadata = found.Metadata.Count > 0 ? new Dictionary<string, string>(found.Metadata) : null,
    };
}
