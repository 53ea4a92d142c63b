using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class TagPolicy
{
    public static async ValueTask<TagPolicyResponse> HandleAsync(IamContext cx, TagPolicyRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var policy = await Identities.PolicyAsync(cx, request.PolicyArn, stop);
            return new Commit().Update(
                AccessKinds.Policies, policy, policy.Value with { Tags = IamTags.Merge(policy.Value.Tags, request.Tags, "TagsPerPolicy") });
        }, stop);
        return new TagPolicyResponse();
    }
}
