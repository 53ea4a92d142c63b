using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class PutUserPolicy
{
    public static async ValueTask<PutUserPolicyResponse> HandleAsync(IamContext cx, PutUserPolicyRequest request, CancellationToken stop)
    {
        await InlinePolicies.PutAsync(cx, IdentityKinds.User, request.UserName, request.PolicyName, request.PolicyDocument, stop);
        return new PutUserPolicyResponse();
    }
}
