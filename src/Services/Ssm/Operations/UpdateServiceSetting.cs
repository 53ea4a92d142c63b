using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

internal static class UpdateServiceSetting
{
    public static async ValueTask<UpdateServiceSettingResult> HandleAsync(
        SsmContext cx, UpdateServiceSettingRequest request, CancellationToken stop)
    {
        var id = ServiceSettings.Require(cx.Call, request.SettingId!);
        ServiceSettings.Check(id, request.SettingValue!);
        var setting = new SettingDocument(request.SettingValue!, cx.Now, cx.Caller.Arn);
        await cx.Documents.CommitAsync(new Commit().Put(SsmKinds.Settings, cx.Call.Scope, id, setting), stop);
        return new UpdateServiceSettingResult();
    }
}
