using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

internal static class ResetServiceSetting
{
    public static async ValueTask<ResetServiceSettingResult> HandleAsync(
        SsmContext cx, ResetServiceSettingRequest request, CancellationToken stop)
    {
        var id = ServiceSettings.Require(cx.Call, request.SettingId!);
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var setting = await cx.Documents.GetAsync(SsmKinds.Settings, cx.Call.Scope, id, stop);
            if (setting is null || (await cx.Documents.CommitAsync(new Commit().Delete(setting), stop)).Committed)
            {
                return new ResetServiceSettingResult { ServiceSetting = ((SettingDocument?)null).ToShape(cx, id, ServiceSettings.DefaultOf(id)) };
            }
        }
        throw SsmFaults.TooManyUpdates();
    }
}
