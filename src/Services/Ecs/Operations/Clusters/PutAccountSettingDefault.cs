using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Sets what applies to everyone in the account who has no setting of their own. It is kept as the root user's.</summary>
internal static class PutAccountSettingDefault
{
    public static async ValueTask<PutAccountSettingDefaultResponse> HandleAsync(
        EcsContext cx, PutAccountSettingDefaultRequest request, CancellationToken stop)
    {
        AccountSettings.Check(request.Name, request.Value);
        var setting = new AccountSettingDocument { Name = request.Name!, Value = request.Value!, PrincipalArn = AccountSettings.Root(cx) };
        await cx.Documents.CommitAsync(new Commit().Put(EcsKinds.AccountSetting, cx.Scope, AccountSettings.KeyOf(setting), setting), stop);
        return new PutAccountSettingDefaultResponse { Setting = AccountSettings.Shape(setting.Name, setting.Value, setting.PrincipalArn) };
    }
}
