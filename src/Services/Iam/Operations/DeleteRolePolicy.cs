using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteRolePolicy
{
    public static async ValueTask<DeleteRolePolicyResponse> HandleAsync(
        IamContext cx, DeleteRolePolicyRequest request, CancellationToken stop)
    {
        await InlinePolicies.DeleteAsync(cx, IdentityKinds.Role, request.RoleName, request.PolicyName!, stop);
        return new DeleteRolePolicyResponse();
    }
}
