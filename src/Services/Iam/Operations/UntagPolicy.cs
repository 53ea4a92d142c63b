using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UntagPolicy
{
    public static async ValueTask<UntagPolicyResponse> HandleAsync(IamContext cx, UntagPolicyRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var policy = await Identities.PolicyAsync(cx, request.PolicyArn, stop);
            return new Commit().Update(
                AccessKinds.Policies, policy, policy.Value with { Tags = IamTags.Without(policy.Value.Tags, request.TagKeys) });
        }, stop);
        return new UntagPolicyResponse();
    }
}
