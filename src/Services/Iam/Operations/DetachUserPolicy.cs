using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class DetachUserPolicy
{
    public static async ValueTask<DetachUserPolicyResponse> HandleAsync(
        IamContext cx, DetachUserPolicyRequest request, CancellationToken stop)
    {
        await Attachments.DetachAsync(cx, IdentityKinds.User, request.UserName, request.PolicyArn!, stop);
        return new DetachUserPolicyResponse();
    }
}
