using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>Whether a policy, once put, would keep its author from putting another.</summary>
internal static class PolicyLockout
{
    public static async ValueTask<bool> ThreatensAsync(SecretsManagerContext cx, Policy policy, string? secretId, CancellationToken stop)
    {
        var demand = (await SecretsManagerAccess.SecretAsync(cx, "PutResourcePolicy", secretId, stop))[0] with { ResourcePolicy = policy };
        var principal = await cx.Call.Cloud.Access.PrincipalOfAsync(cx.Call.Caller, stop);
        var later = PolicyEvaluator.Decide(AccessContext.Of(cx.Call, principal, demand));
        // Administrators need no policy that allows. A deny would not stop them either, but it would stop all others who may do everything,
        // so they are told as AWS tells its own.
        return cx.Call.Caller.IsAdministrator ? later.Outcome == AccessOutcome.ExplicitDeny : !later.IsAllowed;
    }
}
