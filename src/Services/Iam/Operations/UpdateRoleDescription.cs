using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UpdateRoleDescription
{
    public static async ValueTask<UpdateRoleDescriptionResponse> HandleAsync(
        IamContext cx, UpdateRoleDescriptionRequest request, CancellationToken stop)
    {
        RoleDocument? changed = null;
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            changed = role.Value with { Description = IamChecks.Description(request.Description) };
            return new Commit().Update(AccessKinds.Roles, role, changed);
        }, stop);
        return new UpdateRoleDescriptionResponse { Role = (await TrustPolicies.ShownAsync(cx, changed!, stop)).ToShape(cx.AccountId) };
    }
}
