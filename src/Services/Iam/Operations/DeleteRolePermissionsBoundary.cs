using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteRolePermissionsBoundary
{
    public static async ValueTask<DeleteRolePermissionsBoundaryResponse> HandleAsync(
        IamContext cx, DeleteRolePermissionsBoundaryRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleToChangeAsync(cx, request.RoleName, stop);
            return role.Value.PermissionsBoundaryArn is null
                ? throw new NoSuchEntityException($"Role with name {role.Value.RoleName} does not have a permissions boundary.")
                : new Commit().Update(AccessKinds.Roles, role, role.Value with { PermissionsBoundaryArn = null });
        }, stop);
        return new DeleteRolePermissionsBoundaryResponse();
    }
}
