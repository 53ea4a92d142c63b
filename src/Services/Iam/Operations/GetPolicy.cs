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
            var shape = Shapes.ManagedPolicy(arn, await Attachments.CountAsync(cx, arn, stop));
            shape.PermissionsBoundaryUsageCount = await Boundaries.CountAsync(cx, arn, stop);
            return new GetPolicyResponse { Policy = shape };
        }
        var policy = await Identities.PolicyAsync(cx, arn, stop);
        return new GetPolicyResponse { Policy = policy.Value.ToShape(cx.AccountId, await Boundaries.CountAsync(cx, arn, stop)) };
    }
}
