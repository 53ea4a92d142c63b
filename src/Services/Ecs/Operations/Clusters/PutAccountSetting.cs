using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Account settings are kept and returned. None of them changes what this platform does: ARNs are always in the long format.</summary>
internal static class PutAccountSetting
{
    public static async ValueTask<PutAccountSettingResponse> HandleAsync(
        EcsContext cx, PutAccountSettingRequest request, CancellationToken stop)
    {
        if (request.Name is null || !AccountSettings.Defaults.ContainsKey(request.Name))
        {
            throw new InvalidParameterException($"Unknown account setting '{request.Name}'.");
        }
        var principal = string.IsNullOrEmpty(request.PrincipalArn) ? cx.Call.Caller.Arn : request.PrincipalArn;
        var document = new AccountSettingDocument { Name = request.Name, Value = request.Value ?? "", PrincipalArn = principal };
        await cx.Documents.CommitAsync(
            new Commit().Put(EcsKinds.AccountSetting, cx.Scope, $"{request.Name}#{principal}", document), stop);
        return new PutAccountSettingResponse
        {
            Setting = new Setting { Name = document.Name, Value = document.Value, PrincipalArn = principal, Type = "user" },
        };
    }
}

internal static class AccountSettings
{
    public static readonly IReadOnlyDictionary<string, string> Defaults = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["awsvpcTrunking"] = "disabled",
        ["containerInsights"] = "disabled",
        ["containerInstanceLongArnFormat"] = "enabled",
        ["defaultLogDriverMode"] = "non-blocking",
        ["dualStackIPv6"] = "enabled",
        ["fargateFIPSMode"] = "disabled",
        ["fargateTaskRetirementWaitPeriod"] = "7",
        ["guardDutyActivate"] = "off",
        ["serviceLongArnFormat"] = "enabled",
        ["tagResourceAuthorization"] = "off",
        ["taskLongArnFormat"] = "enabled",
    };
}
