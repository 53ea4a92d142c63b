using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeletePolicyVersion
{
    public static async ValueTask<DeletePolicyVersionResponse> HandleAsync(
        IamContext cx, DeletePolicyVersionRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var policy = await Identities.PolicyToChangeAsync(cx, request.PolicyArn, stop);
            var version = PolicyVersions.Require(policy.Value, request.PolicyArn!, request.VersionId!);
            return version.VersionId == policy.Value.DefaultVersionId
                ? throw new DeleteConflictException("Cannot delete the default version of a policy.")
                : new Commit().Update(AccessKinds.Policies, policy, policy.Value with
                {
                    Versions = [.. policy.Value.Versions.Where(v => v != version)],
                    UpdatedAt = cx.Call.Now,
                });
        }, stop);
        return new DeletePolicyVersionResponse();
    }
}
