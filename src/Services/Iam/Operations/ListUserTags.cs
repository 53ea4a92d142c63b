using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListUserTags
{
    public static async ValueTask<ListUserTagsResponse> HandleAsync(IamContext cx, ListUserTagsRequest request, CancellationToken stop)
    {
        var user = await Identities.UserAsync(cx, request.UserName, stop);
        var page = Paging.Cut(IamTags.ToList(user.Value.Tags), tag => tag.Key!, request.Marker, request.MaxItems);
        return new ListUserTagsResponse { Tags = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
