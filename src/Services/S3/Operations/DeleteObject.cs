using Longspan.Api.S3;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Operations;

internal static class DeleteObject
{
    public static async ValueTask<DeleteObjectOutput> HandleAsync(S3Context cx, DeleteObjectRequest request, CancellationToken stop)
    {
        if (request.VersionId is not null and not "null")
        {
            throw S3Faults.NotImplemented("Versioning");
        }
        await cx.RequireBucketAsync(request.Bucket!, stop);
        await RemoveAsync(cx, request.Bucket!, request.Key!, stop);
        return new DeleteObjectOutput();
    }

    /// <summary>An object that is not there is as good as deleted.</summary>
    public static async ValueTask RemoveAsync(S3Context cx, string bucket, string key, CancellationToken stop)
    {
        for (var attempt = 0; attempt < S3Context.MaximumAttempts; attempt++)
        {
            if (await cx.FindObjectAsync(bucket, key, stop) is not { } found)
            {
                return;
            }
            if ((await cx.Documents.CommitAsync(new Commit().Delete(found), stop)).Committed)
            {
                // Should this not happen any more, a pass finds the blob that nobody names.
                await cx.Blobs.DeleteAsync(found.Value.Blob, stop);
                return;
            }
        }
        throw S3Faults.Conflict();
    }
}
