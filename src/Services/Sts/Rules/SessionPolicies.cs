using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Sts.Rules;

/// <summary>
/// The managed policies that a new session is bound by. They have to be there when it is made: with one that is not, it could do nothing, and
/// with one that somebody makes later it could do whatever they like.
/// </summary>
internal static class SessionPolicies
{
    /// <summary>Their ARNs; null when none are asked for.</summary>
    public static async ValueTask<IReadOnlyList<string>?> FindAsync(StsContext cx, List<PolicyDescriptorType>? asked, CancellationToken stop)
    {
        if (asked is not { Count: > 0 })
        {
            return null;
        }
        List<string> arns = [.. asked.Select(policy => policy.Arn!)];
        foreach (var arn in arns)
        {
            if (!ManagedPolicies.IsKnown(arn) && !await ExistsAsync(cx, arn, stop))
            {
                throw StsFaults.Validation($"Policy {arn} does not exist or is not attachable.");
            }
        }
        return arns;
    }

    private static async ValueTask<bool> ExistsAsync(StsContext cx, string policyArn, CancellationToken stop)
    {
        var account = cx.Call.AccountId;
        if (!Arn.TryParse(policyArn, out var arn) || arn.Service != "iam" || arn.AccountId != account || arn.Name.Length == 0)
        {
            return false;
        }
        var policy = await cx.Call.Cloud.Documents.GetAsync(AccessKinds.Policies, account, AccessKinds.NameOf(arn.Name), stop);
        return policy?.Value.ArnIn(account).Equals(policyArn, StringComparison.OrdinalIgnoreCase) == true;
    }
}
