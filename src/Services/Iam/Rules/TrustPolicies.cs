using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Iam.Rules;

/// <summary>Who may take on a role.</summary>
internal static class TrustPolicies
{
    /// <summary>A new one as it is stored: its users and roles by their unique ids.</summary>
    public static async ValueTask<string> ReadAsync(IamContext cx, string? text, CancellationToken stop)
    {
        var policy = IamChecks.Policy(text, PolicyUse.Trust, "ACLSizePerRole", IamLimits.TrustPolicySize);
        var (bound, unknown) = await cx.Call.Cloud.Principals.BindAsync(policy, PolicyUse.Trust, stop);
        return unknown is null ? bound : throw new MalformedPolicyDocumentException($"Invalid principal in policy: \"AWS\":\"{unknown}\"");
    }

    /// <summary>The role as it is shown: whom it trusts by their ARNs.</summary>
    public static async ValueTask<RoleDocument> ShownAsync(IamContext cx, RoleDocument role, CancellationToken stop) =>
        role with { TrustPolicy = await cx.Call.Cloud.Principals.ShowAsync(role.TrustPolicy, stop) };
}
