using Longspan.Api.S3;
using Longspan.Services.S3.Documents;

namespace Longspan.Services.S3.Operations;

internal static class HeadBucket
{
    public static async ValueTask<HeadBucketOutput> HandleAsync(S3Context cx, HeadBucketRequest request, CancellationToken stop)
    {
        var bucket = await cx.Documents.GetAsync(S3Kinds.Bucket, cx.Call.AccountId, request.Bucket!, stop) ?? throw S3Faults.NotFound();
        return new HeadBucketOutput { BucketRegion = bucket.Value.Region };
    }
}
