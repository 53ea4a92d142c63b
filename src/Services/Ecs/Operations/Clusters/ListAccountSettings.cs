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
        var principal = AccountSettings.PrincipalOf(cx, request.PrincipalArn);
        var root = AccountSettings.Root(cx);
        var all = await cx.Documents.ListAsync(EcsKinds.AccountSetting, cx.Scope, stop);
        var own = all.Where(s => s.Value.PrincipalArn == principal).ToDictionary(s => s.Value.Name, s => s.Value.Value, StringComparer.Ordinal);
        var shared = all.Where(s => s.Value.PrincipalArn == root).ToDictionary(s => s.Value.Name, s => s.Value.Value, StringComparer.Ordinal);
        var names = request.EffectiveSettings is true ? AccountSettings.Defaults.Keys : own.Keys;
        return new ListAccountSettingsResponse
        {
            Settings =
            [
                .. names.Select(n => AccountSettings.Shape(
                    n, own.GetValueOrDefault(n) ?? shared.GetValueOrDefault(n) ?? AccountSettings.Defaults[n], principal))
                    .Where(s => (request.Name is null || s.Name == request.Name) && (request.Value is null || s.Value == request.Value)),
            ],
        };
    }
}
