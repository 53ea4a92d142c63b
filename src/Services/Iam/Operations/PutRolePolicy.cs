using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class PutRolePolicy
{
    public static async ValueTask<PutRolePolicyResponse> HandleAsync(IamContext cx, PutRolePolicyRequest request, CancellationToken stop)
    {
        var name = IamChecks.Name("policyName", request.PolicyName, IamLimits.PolicyNameLength);
        var text = IamChecks.Policy(request.PolicyDocument, PolicyUse.Identity, "RolePolicySize", IamLimits.InlinePoliciesOfRoleSize);
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            var policies = IamChecks.WithInline(
                role.Value.InlinePolicies, name, text, IamLimits.InlinePoliciesOfRoleSize, $"role {role.Value.RoleName}");
            return new Commit().Update(AccessKinds.Roles, role, role.Value with { InlinePolicies = policies });
        }, stop);
        return new PutRolePolicyResponse();
    }
}
