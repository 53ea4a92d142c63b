using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteUserPolicy
{
    public static async ValueTask<DeleteUserPolicyResponse> HandleAsync(
        IamContext cx, DeleteUserPolicyRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            var policies = user.Value.InlinePolicies.ToDictionary();
            return policies.Remove(request.PolicyName!)
                ? new Commit().Update(AccessKinds.Users, user, user.Value with { InlinePolicies = policies })
                : throw IamFaults.NoInlinePolicy("user", request.PolicyName!);
        }, stop);
        return new DeleteUserPolicyResponse();
    }
}
