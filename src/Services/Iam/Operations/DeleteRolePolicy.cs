using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteRolePolicy
{
    public static async ValueTask<DeleteRolePolicyResponse> HandleAsync(
        IamContext cx, DeleteRolePolicyRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            var policies = role.Value.InlinePolicies.ToDictionary();
            return policies.Remove(request.PolicyName!)
                ? new Commit().Update(AccessKinds.Roles, role, role.Value with { InlinePolicies = policies })
                : throw IamFaults.NoInlinePolicy("role", request.PolicyName!);
        }, stop);
        return new DeleteRolePolicyResponse();
    }
}
