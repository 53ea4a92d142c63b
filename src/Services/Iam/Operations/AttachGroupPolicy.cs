using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class AttachGroupPolicy
{
    public static async ValueTask<AttachGroupPolicyResponse> HandleAsync(
        IamContext cx, AttachGroupPolicyRequest request, CancellationToken stop)
    {
        await Attachments.AttachAsync(cx, IdentityKinds.Group, request.GroupName, request.PolicyArn!, stop);
        return new AttachGroupPolicyResponse();
    }
}
