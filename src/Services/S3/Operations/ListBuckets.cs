using Longspan.Api.S3;
using Longspan.Kernel;
using Longspan.Services.S3.Documents;

namespace Longspan.Services.S3.Operations;

internal static class ListBuckets
{
    private const int MaximumPage = 10_000;

    public static async ValueTask<ListBucketsOutput> HandleAsync(S3Context cx, ListBucketsRequest request, CancellationToken stop)
    {
        if (request.MaxBuckets is < 1 or > MaximumPage)
        {
            throw S3Faults.InvalidArgument($"Argument max-buckets must be an integer between 1 and {MaximumPage}.");
        }
        if (!PageToken.TryDecode(request.ContinuationToken, out var after))
        {
            throw S3Faults.InvalidArgument("The continuation token provided is incorrect");
        }
        var limit = request.MaxBuckets ?? MaximumPage;
        var found = await cx.Documents.ListAsync(S3Kinds.Bucket, cx.Call.AccountId, stop, request.Prefix ?? "", after, limit + 1);
        return new ListBucketsOutput
        {
            Buckets =
            [
                .. found.Take(limit).Select(b => new Bucket { Name = b.Value.Name, CreationDate = b.Value.CreatedAt, BucketRegion = request.MaxBuckets is null ? null : b.Value.Region }),
            ],
            Owner = new Owner { ID = cx.Call.AccountId },
            Prefix = request.Prefix,
            ContinuationToken = found.Count > limit ? PageToken.Encode(found[limit - 1].Value.Name) : null,
        };
    }
}
