using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class AttachRolePolicy
{
    public static async ValueTask<AttachRolePolicyResponse> HandleAsync(
        IamContext cx, AttachRolePolicyRequest request, CancellationToken stop)
    {
        await Attachments.AttachAsync(cx, IdentityKinds.Role, request.RoleName, request.PolicyArn!, stop);
        return new AttachRolePolicyResponse();
    }
}
