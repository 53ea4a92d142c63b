using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UpdateAssumeRolePolicy
{
    public static async ValueTask<UpdateAssumeRolePolicyResponse> HandleAsync(
        IamContext cx, UpdateAssumeRolePolicyRequest request, CancellationToken stop)
    {
        var text = await TrustPolicies.ReadAsync(cx, request.PolicyDocument, stop);
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleToChangeAsync(cx, request.RoleName, stop);
            return new Commit().Update(AccessKinds.Roles, role, role.Value with { TrustPolicy = text });
        }, stop);
        return new UpdateAssumeRolePolicyResponse();
    }
}
