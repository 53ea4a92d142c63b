using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class AttachUserPolicy
{
    public static async ValueTask<AttachUserPolicyResponse> HandleAsync(
        IamContext cx, AttachUserPolicyRequest request, CancellationToken stop)
    {
        await Attachments.AttachAsync(cx, IdentityKinds.User, request.UserName, request.PolicyArn!, stop);
        return new AttachUserPolicyResponse();
    }
}
