using Longspan.Api.S3;
using Longspan.Services.S3.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Operations;

internal static class DeleteBucket
{
    public static async ValueTask<DeleteBucketResponse> HandleAsync(S3Context cx, DeleteBucketRequest request, CancellationToken stop)
    {
        for (var attempt = 0; attempt < S3Context.MaximumAttempts; attempt++)
        {
            var bucket = await cx.RequireBucketAsync(request.Bucket!, stop);
            if ((await cx.Documents.ListAsync(S3Kinds.Object, cx.ObjectScope(bucket.Value.Name), stop, limit: 1)).Count > 0)
            {
                throw S3Faults.BucketNotEmpty();
            }
            if ((await cx.Documents.CommitAsync(new Commit().Delete(bucket), stop)).Committed)
            {
                return new DeleteBucketResponse();
            }
        }
        throw S3Faults.Conflict();
    }
}
