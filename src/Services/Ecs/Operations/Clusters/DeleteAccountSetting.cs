using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Takes back a principal's own setting; the answer shows what applies to it from now on.</summary>
internal static class DeleteAccountSetting
{
    public static async ValueTask<DeleteAccountSettingResponse> HandleAsync(
        EcsContext cx, DeleteAccountSettingRequest request, CancellationToken stop)
    {
        var name = AccountSettings.CheckName(request.Name);
        var principal = AccountSettings.PrincipalOf(cx, request.PrincipalArn);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.AccountSetting, cx.Scope, $"{name}#{principal}", stop);
            if (found is null || (await cx.Documents.CommitAsync(new Commit().Delete(found), stop)).Committed)
            {
                var root = await cx.Documents.GetAsync(EcsKinds.AccountSetting, cx.Scope, $"{name}#{AccountSettings.Root(cx)}", stop);
                return new DeleteAccountSettingResponse
                {
                    Setting = AccountSettings.Shape(name, root?.Value.Value ?? AccountSettings.Defaults[name], principal),
                };
            }
        }
        throw EcsContext.Contended();
    }
}
