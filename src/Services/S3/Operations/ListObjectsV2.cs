using Longspan.Api.S3;
using Longspan.Kernel;
using Longspan.Services.S3.Documents;
using Longspan.Services.S3.Rules;

namespace Longspan.Services.S3.Operations;

internal static class ListObjectsV2
{
    private const int MaximumPage = 1000;

    public static async ValueTask<ListObjectsV2Output> HandleAsync(S3Context cx, ListObjectsV2Request request, CancellationToken stop)
    {
        if (request.MaxKeys < 0)
        {
            throw S3Faults.InvalidArgument("Argument maxKeys must be an integer between 0 and 2147483647");
        }
        if (request.EncodingType is not null and not "url")
        {
            throw S3Faults.InvalidArgument("Invalid Encoding Method specified in Request");
        }
        if (request.ContinuationToken is "" || !PageToken.TryDecode(request.ContinuationToken, out var token))
        {
            throw S3Faults.InvalidArgument("The continuation token provided is incorrect");
        }
        await cx.RequireBucketAsync(request.Bucket!, stop);
        var listing = new Listing(request.Prefix ?? "", request.Delimiter, Math.Min(request.MaxKeys ?? MaximumPage, MaximumPage));
        var more = await FillAsync(cx, request, listing, token ?? request.StartAfter, stop);
        return Answer(request, listing, more);
    }

    /// <summary>True when there are more than the page holds.</summary>
    private static async ValueTask<bool> FillAsync(S3Context cx, ListObjectsV2Request request, Listing listing, string? after, CancellationToken stop)
    {
        // Each round fills the page by one entry at least, or reaches the end.
        while (true)
        {
            var page = await cx.Documents.ListAsync(S3Kinds.Object, cx.ObjectScope(request.Bucket!), stop, request.Prefix ?? "", after, MaximumPage);
            foreach (var one in page)
            {
                if (!listing.Add(one.Key.Name, one.Value))
                {
                    return true;
                }
            }
            if (page.Count < MaximumPage)
            {
                return false;
            }
            after = listing.ReadAfter(page[^1].Key.Name);
        }
    }

    private static ListObjectsV2Output Answer(ListObjectsV2Request request, Listing listing, bool more)
    {
        string Spelled(string text) => request.EncodingType is null ? text : Uri.EscapeDataString(text).Replace("%2F", "/", StringComparison.Ordinal);
        var last = listing.CommonPrefixes.Count > 0 && listing.Last == listing.CommonPrefixes[^1] ? Listing.Behind(listing.Last) : listing.Last;
        return new ListObjectsV2Output
        {
            Name = request.Bucket,
            Prefix = Spelled(request.Prefix ?? ""),
            Delimiter = request.Delimiter is null ? null : Spelled(request.Delimiter),
            MaxKeys = request.MaxKeys ?? MaximumPage,
            EncodingType = request.EncodingType,
            KeyCount = listing.Objects.Count + listing.CommonPrefixes.Count,
            IsTruncated = more && last is not null,
            Contents =
            [
                .. listing.Objects.Select(one => new S3Object
                {
                    Key = Spelled(one.Key), LastModified = one.Object.LastModified, ETag = $"\"{one.Object.ETag}\"", Size = one.Object.Size, StorageClass = "STANDARD",
                }),
            ],
            CommonPrefixes = [.. listing.CommonPrefixes.Select(prefix => new CommonPrefix { Prefix = Spelled(prefix) })],
            ContinuationToken = request.ContinuationToken,
            StartAfter = request.StartAfter,
            NextContinuationToken = more && last is not null ? PageToken.Encode(last) : null,
        };
    }
}
