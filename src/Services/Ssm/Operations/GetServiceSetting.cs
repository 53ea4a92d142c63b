using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class GetServiceSetting
{
    public static async ValueTask<GetServiceSettingResult> HandleAsync(SsmContext cx, GetServiceSettingRequest request, CancellationToken stop)
    {
        var id = ServiceSettings.Require(cx.Call, request.SettingId!);
        var setting = await cx.Documents.GetAsync(SsmKinds.Settings, cx.Call.Scope, id, stop);
        return new GetServiceSettingResult { ServiceSetting = (setting?.Value).ToShape(cx, id, ServiceSettings.DefaultOf(id)) };
    }
}
