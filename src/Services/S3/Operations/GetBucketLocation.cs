using Longspan.Api.S3;

namespace Longspan.Services.S3.Operations;

internal static class GetBucketLocation
{
    /// <summary>The region that existed before constraints did has none.</summary>
    private const string FirstRegion = "us-east-1";

    public static async ValueTask<GetBucketLocationOutput> HandleAsync(S3Context cx, GetBucketLocationRequest request, CancellationToken stop)
    {
        var bucket = await cx.RequireBucketAsync(request.Bucket!, stop);
        return new GetBucketLocationOutput { LocationConstraint = bucket.Value.Region == FirstRegion ? null : bucket.Value.Region };
    }
}
