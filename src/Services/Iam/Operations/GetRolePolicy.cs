using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetRolePolicy
{
    public static async ValueTask<GetRolePolicyResponse> HandleAsync(IamContext cx, GetRolePolicyRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        return role.Value.InlinePolicies.TryGetValue(request.PolicyName!, out var text)
            ? new GetRolePolicyResponse
            {
                RoleName = role.Value.RoleName,
                PolicyName = request.PolicyName,
                PolicyDocument = Shapes.Encoded(text),
            }
            : throw IamFaults.NoInlinePolicy("role", request.PolicyName!);
    }
}
