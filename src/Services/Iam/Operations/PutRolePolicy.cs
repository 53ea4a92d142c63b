using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class PutRolePolicy
{
    public static async ValueTask<PutRolePolicyResponse> HandleAsync(IamContext cx, PutRolePolicyRequest request, CancellationToken stop)
    {
        await InlinePolicies.PutAsync(cx, IdentityKinds.Role, request.RoleName, request.PolicyName, request.PolicyDocument, stop);
        return new PutRolePolicyResponse();
    }
}
