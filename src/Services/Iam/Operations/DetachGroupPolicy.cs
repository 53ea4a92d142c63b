using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class DetachGroupPolicy
{
    public static async ValueTask<DetachGroupPolicyResponse> HandleAsync(
        IamContext cx, DetachGroupPolicyRequest request, CancellationToken stop)
    {
        await Attachments.DetachAsync(cx, IdentityKinds.Group, request.GroupName, request.PolicyArn!, stop);
        return new DetachGroupPolicyResponse();
    }
}
