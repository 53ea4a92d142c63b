using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class DetachRolePolicy
{
    public static async ValueTask<DetachRolePolicyResponse> HandleAsync(
        IamContext cx, DetachRolePolicyRequest request, CancellationToken stop)
    {
        await Attachments.DetachAsync(cx, IdentityKinds.Role, request.RoleName, request.PolicyArn!, stop);
        return new DetachRolePolicyResponse();
    }
}
