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
            var policies = new SortedDictionary<string, string>(role.Value.InlinePolicies.ToDictionary(), StringComparer.Ordinal) { [name] = text };
            return policies.Values.Sum(IamChecks.SizeOf) <= IamLimits.InlinePoliciesOfRoleSize
                ? new Commit().Update(AccessKinds.Roles, role, role.Value with { InlinePolicies = policies })
                : throw new LimitExceededException(
                    $"Maximum policy size of {IamLimits.InlinePoliciesOfRoleSize} bytes exceeded for role {role.Value.RoleName}");
        }, stop);
        return new PutRolePolicyResponse();
    }
}
