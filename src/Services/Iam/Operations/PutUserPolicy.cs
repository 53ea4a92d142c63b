using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class PutUserPolicy
{
    public static async ValueTask<PutUserPolicyResponse> HandleAsync(IamContext cx, PutUserPolicyRequest request, CancellationToken stop)
    {
        var name = IamChecks.Name("policyName", request.PolicyName, IamLimits.PolicyNameLength);
        var text = IamChecks.Policy(request.PolicyDocument, PolicyUse.Identity, "UserPolicySize", IamLimits.InlinePoliciesOfUserSize);
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            var policies = IamChecks.WithInline(
                user.Value.InlinePolicies, name, text, IamLimits.InlinePoliciesOfUserSize, $"user {user.Value.UserName}");
            return new Commit().Update(AccessKinds.Users, user, user.Value with { InlinePolicies = policies });
        }, stop);
        return new PutUserPolicyResponse();
    }
}
