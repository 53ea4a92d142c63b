using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListInstanceProfileTags
{
    public static async ValueTask<ListInstanceProfileTagsResponse> HandleAsync(
        IamContext cx, ListInstanceProfileTagsRequest request, CancellationToken stop)
    {
        var instanceProfile = await Identities.InstanceProfileAsync(cx, request.InstanceProfileName, stop);
        var page = Paging.Cut(IamTags.ToList(instanceProfile.Value.Tags), tag => tag.Key!, request.Marker, request.MaxItems);
        return new ListInstanceProfileTagsResponse { Tags = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
