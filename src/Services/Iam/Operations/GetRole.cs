using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetRole
{
    public static async ValueTask<GetRoleResponse> HandleAsync(IamContext cx, GetRoleRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        var use = await cx.Call.Cloud.Uses.FindAsync(role.Value.RoleId, stop);
        return new GetRoleResponse { Role = role.Value.ToShape(cx.AccountId, use: use.ToRoleShape(cx.Call.Now)) };
    }
}
