using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Account settings are kept and returned. Only containerInsights changes something, the setting of clusters that are created without
/// one; ARNs are always in the long format.
/// </summary>
internal static class PutAccountSetting
{
    public static async ValueTask<PutAccountSettingResponse> HandleAsync(
        EcsContext cx, PutAccountSettingRequest request, CancellationToken stop)
    {
        AccountSettings.Check(request.Name, request.Value);
        var principal = AccountSettings.PrincipalOf(cx, request.PrincipalArn);
        var document = new AccountSettingDocument { Name = request.Name!, Value = request.Value!, PrincipalArn = principal };
        await cx.Documents.CommitAsync(
            new Commit().Put(EcsKinds.AccountSetting, cx.Scope, AccountSettings.KeyOf(document), document), stop);
        return new PutAccountSettingResponse { Setting = AccountSettings.Shape(document.Name, document.Value, principal) };
    }
}
