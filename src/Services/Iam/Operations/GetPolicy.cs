using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetPolicy
{
    public static async ValueTask<GetPolicyResponse> HandleAsync(IamContext cx, GetPolicyRequest request, CancellationToken stop)
    {
        var arn = request.PolicyArn!;
        if (ManagedPolicies.IsKnown(arn))
        {
            return new GetPolicyResponse { Policy = Shapes.ManagedPolicy(arn, await Attachments.CountAsync(cx, arn, stop)) };
        }
        var policy = await Identities.PolicyAsync(cx, arn, stop);
        return new GetPolicyResponse { Policy = policy.Value.ToShape(cx.AccountId) };
    }
}
