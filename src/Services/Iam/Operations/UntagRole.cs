using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UntagRole
{
    public static async ValueTask<UntagRoleResponse> HandleAsync(IamContext cx, UntagRoleRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            return new Commit().Update(
                AccessKinds.Roles, role, role.Value with { Tags = IamTags.Without(role.Value.Tags, request.TagKeys) });
        }, stop);
        return new UntagRoleResponse();
    }
}
