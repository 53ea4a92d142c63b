using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ListResourceTags
{
    public static async ValueTask<ListResourceTagsResponse> HandleAsync(KmsContext cx, ListResourceTagsRequest request, CancellationToken stop)
    {
        var paging = Paging.Read(request.Limit, request.Marker, usual: 50, largest: 50);
        var key = (await Keys.RequireByIdAsync(cx, request.KeyId, stop)).Value;
        var after = key.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Where(tag => string.CompareOrdinal(tag.Key, paging.After) > 0);
        var (tags, next) = paging.Cut([.. after], tag => tag.Key);
        return new ListResourceTagsResponse { Tags = KmsTags.ToShape(tags), NextMarker = next, Truncated = next is not null };
    }
}
