using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetRole
{
    public static async ValueTask<GetRoleResponse> HandleAsync(IamContext cx, GetRoleRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        return new GetRoleResponse { Role = role.Value.ToShape(cx.AccountId) };
    }
}
