using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class TagRole
{
    public static async ValueTask<TagRoleResponse> HandleAsync(IamContext cx, TagRoleRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            return new Commit().Update(
                AccessKinds.Roles, role, role.Value with { Tags = IamTags.Merge(role.Value.Tags, request.Tags, "TagsPerRole") });
        }, stop);
        return new TagRoleResponse();
    }
}
