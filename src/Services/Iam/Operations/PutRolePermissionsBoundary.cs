using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class PutRolePermissionsBoundary
{
    public static async ValueTask<PutRolePermissionsBoundaryResponse> HandleAsync(
        IamContext cx, PutRolePermissionsBoundaryRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleToChangeAsync(cx, request.RoleName, stop);
            var commit = new Commit();
            await Boundaries.RequireAsync(cx, commit, request.PermissionsBoundary, stop);
            return commit.Update(AccessKinds.Roles, role, role.Value with { PermissionsBoundaryArn = request.PermissionsBoundary });
        }, stop);
        return new PutRolePermissionsBoundaryResponse();
    }
}
