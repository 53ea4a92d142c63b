using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class PutGroupPolicy
{
    public static async ValueTask<PutGroupPolicyResponse> HandleAsync(IamContext cx, PutGroupPolicyRequest request, CancellationToken stop)
    {
        await InlinePolicies.PutAsync(cx, IdentityKinds.Group, request.GroupName, request.PolicyName, request.PolicyDocument, stop);
        return new PutGroupPolicyResponse();
    }
}
