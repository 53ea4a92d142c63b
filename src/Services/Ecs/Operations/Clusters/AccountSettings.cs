using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>The account settings that ECS knows, their values, and what applies when nobody set one.</summary>
internal static class AccountSettings
{
    private static readonly string[] Enabled = ["enabled", "disabled"];
    private static readonly string[] OnOff = ["on", "off"];

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

    public static string Root(EcsContext cx) => $"arn:aws:iam::{cx.Call.Caller.AccountId}:root";

    public static string PrincipalOf(EcsContext cx, string? asked) => string.IsNullOrEmpty(asked) ? cx.Call.Caller.Arn : asked;

    /// <summary>The setting that applies to the caller: its own, else the account's default, else ECS's.</summary>
    public static async ValueTask<string> EffectiveAsync(EcsContext cx, string name, CancellationToken stop)
    {
        foreach (var principal in new[] { cx.Call.Caller.Arn, Root(cx) })
        {
            var found = await cx.Documents.GetAsync(
                EcsKinds.AccountSetting, cx.Scope, KeyOf(new AccountSettingDocument { Name = name, Value = "", PrincipalArn = principal }), stop);
            if (found is not null)
            {
                return found.Value.Value;
            }
        }
        return Defaults[name];
    }

    public static string KeyOf(AccountSettingDocument setting) => $"{setting.Name}#{setting.PrincipalArn}";

    public static Setting Shape(string name, string value, string principal) =>
        new() { Name = name, Value = value, PrincipalArn = principal, Type = name == "guardDutyActivate" ? "aws_managed" : "user" };

    public static string CheckName(string? name) =>
        name is not null && Defaults.ContainsKey(name) ? name : throw new InvalidParameterException($"Unknown account setting '{name}'.");

    public static void Check(string? name, string? value)
    {
        IReadOnlyList<string> allowed = CheckName(name) switch
        {
            "containerInsights" => ["enabled", "disabled", "enhanced"],
            "defaultLogDriverMode" => ["blocking", "non-blocking"],
            "fargateTaskRetirementWaitPeriod" => ["0", "7", "14"],
            "tagResourceAuthorization" => OnOff,
            "guardDutyActivate" => throw new InvalidParameterException("The guardDutyActivate setting is read-only."),
            _ => Enabled,
        };
        if (value is null || !allowed.Contains(value))
        {
            throw new InvalidParameterException($"Invalid value '{value}' for {name}: must be one of {string.Join(", ", allowed)}.");
        }
    }
}
