using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeletePolicy
{
    public static async ValueTask<DeletePolicyResponse> HandleAsync(IamContext cx, DeletePolicyRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var policy = await Identities.PolicyToChangeAsync(cx, request.PolicyArn, stop);
            if (policy.Value.AttachmentCount > 0 || await Boundaries.CountAsync(cx, policy.Value.ArnIn(cx.AccountId), stop) > 0)
            {
                throw new DeleteConflictException("Cannot delete a policy attached to entities.");
            }
            return policy.Value.Versions.Count == 1
                ? new Commit().Delete(policy)
                : throw new DeleteConflictException("This policy has more than one version. Before you delete a policy, you must delete "
                    + "the policy's versions. The default version is deleted with the policy.");
        }, stop);
        return new DeletePolicyResponse();
    }
}
