using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteUserPolicy
{
    public static async ValueTask<DeleteUserPolicyResponse> HandleAsync(
        IamContext cx, DeleteUserPolicyRequest request, CancellationToken stop)
    {
        await InlinePolicies.DeleteAsync(cx, IdentityKinds.User, request.UserName, request.PolicyName!, stop);
        return new DeleteUserPolicyResponse();
    }
}
