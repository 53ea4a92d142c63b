using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListAccountSettings
{
    public static async ValueTask<ListAccountSettingsResponse> HandleAsync(
        EcsContext cx, ListAccountSettingsRequest request, CancellationToken stop)
    {
        var principal = string.IsNullOrEmpty(request.PrincipalArn) ? cx.Call.Caller.Arn : request.PrincipalArn;
        var kept = (await cx.Documents.ListAsync(EcsKinds.AccountSetting, cx.Scope, stop))
            .Where(s => s.Value.PrincipalArn == principal).ToDictionary(s => s.Value.Name, s => s.Value.Value, StringComparer.Ordinal);
        var names = request.EffectiveSettings is true ? AccountSettings.Defaults.Keys : kept.Keys;
        return new ListAccountSettingsResponse
        {
            Settings =
            [
                .. names.Select(n => new Setting
                {
                    Name = n, Value = kept.GetValueOrDefault(n) ?? AccountSettings.Defaults[n], PrincipalArn = principal, Type = "user",
                }).Where(s => (request.Name is null || s.Name == request.Name) && (request.Value is null || s.Value == request.Value)),
            ],
        };
    }
}
