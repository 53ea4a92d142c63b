using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListRoleTags
{
    public static async ValueTask<ListRoleTagsResponse> HandleAsync(IamContext cx, ListRoleTagsRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        var page = Paging.Cut(IamTags.ToList(role.Value.Tags), tag => tag.Key!, request.Marker, request.MaxItems);
        return new ListRoleTagsResponse { Tags = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
