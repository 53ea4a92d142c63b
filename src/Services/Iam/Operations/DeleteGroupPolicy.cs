using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteGroupPolicy
{
    public static async ValueTask<DeleteGroupPolicyResponse> HandleAsync(
        IamContext cx, DeleteGroupPolicyRequest request, CancellationToken stop)
    {
        await InlinePolicies.DeleteAsync(cx, IdentityKinds.Group, request.GroupName, request.PolicyName!, stop);
        return new DeleteGroupPolicyResponse();
    }
}
