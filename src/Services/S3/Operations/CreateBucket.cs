using Longspan.Api.S3;
using Longspan.Services.S3.Documents;
using Longspan.Services.S3.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Operations;

internal static class CreateBucket
{
    public static async ValueTask<CreateBucketOutput> HandleAsync(S3Context cx, CreateBucketRequest request, CancellationToken stop)
    {
        var name = request.Bucket!;
        if (!BucketNames.IsValid(name))
        {
            throw S3Faults.BadBucketName();
        }
        if (request.ObjectLockEnabledForBucket == true)
        {
            throw S3Faults.NotImplemented("Object lock");
        }
        var region = request.CreateBucketConfiguration?.LocationConstraint is { Length: > 0 } place ? place : cx.Call.Region;
        var bucket = new BucketDocument(name, region, cx.Call.Now);
        var made = await cx.Documents.CommitAsync(new Commit().Create(S3Kinds.Bucket, cx.Call.AccountId, name, bucket), stop);
        return made.Committed ? new CreateBucketOutput { Location = $"/{name}" } : throw S3Faults.BucketOwned();
    }
}
