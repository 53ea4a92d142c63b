using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class SetDefaultPolicyVersion
{
    public static async ValueTask<SetDefaultPolicyVersionResponse> HandleAsync(
        IamContext cx, SetDefaultPolicyVersionRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var policy = await Identities.PolicyToChangeAsync(cx, request.PolicyArn, stop);
            var version = PolicyVersions.Require(policy.Value, request.PolicyArn!, request.VersionId!);
            return new Commit().Update(
                AccessKinds.Policies, policy, policy.Value with { DefaultVersionId = version.VersionId, UpdatedAt = cx.Call.Now });
        }, stop);
        return new SetDefaultPolicyVersionResponse();
    }
}
