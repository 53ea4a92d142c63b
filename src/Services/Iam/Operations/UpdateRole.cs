using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UpdateRole
{
    public static async ValueTask<UpdateRoleResponse> HandleAsync(IamContext cx, UpdateRoleRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            return new Commit().Update(AccessKinds.Roles, role, role.Value with
            {
                Description = IamChecks.Description(request.Description) ?? role.Value.Description,
                MaximumSessionSeconds = request.MaxSessionDuration is null
                    ? role.Value.MaximumSessionSeconds
                    : IamChecks.SessionSeconds(request.MaxSessionDuration),
            });
        }, stop);
        return new UpdateRoleResponse();
    }
}
