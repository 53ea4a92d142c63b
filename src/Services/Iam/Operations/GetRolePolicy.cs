using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetRolePolicy
{
    public static async ValueTask<GetRolePolicyResponse> HandleAsync(IamContext cx, GetRolePolicyRequest request, CancellationToken stop)
    {
        var (name, text) = await InlinePolicies.GetAsync(cx, IdentityKinds.Role, request.RoleName, request.PolicyName!, stop);
        return new GetRolePolicyResponse { RoleName = name, PolicyName = request.PolicyName, PolicyDocument = text };
    }
}
