using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetRole
{
    public static async ValueTask<GetRoleResponse> HandleAsync(IamContext cx, GetRoleRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        var use = await cx.Call.Cloud.Uses.FindAsync(role.Value.RoleId, stop);
        var shown = await TrustPolicies.ShownAsync(cx, role.Value, stop);
        return new GetRoleResponse { Role = shown.ToShape(cx.AccountId, use: use.ToRoleShape(cx.Call.Now)) };
    }
}
