using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>Permissions boundaries of users and roles.</summary>
internal static class Boundaries
{
    /// <summary>
    /// Adds to <paramref name="commit"/> that the policy still exists. A customer's policy is written again as it is: its deletion relies
    /// on the revision that it read, so a deletion and a new boundary that race cannot both succeed.
    /// </summary>
    public static async ValueTask RequireAsync(IamContext cx, Commit commit, string? policyArn, CancellationToken stop)
    {
        if (policyArn is null || ManagedPolicies.IsKnown(policyArn))
        {
            return;
        }
        var policy = await Identities.FindPolicyAsync(cx, policyArn, stop)
            ?? throw new NoSuchEntityException($"Scope ARN: {policyArn} does not exist or is not attachable.");
        commit.Update(AccessKinds.Policies, policy, policy.Value);
    }

    /// <summary>How many users and roles a policy bounds.</summary>
    public static async ValueTask<int> CountAsync(IamContext cx, string policyArn, CancellationToken stop)
    {
        var users = await cx.Documents.ListByIndexAsync(AccessKinds.Users, cx.AccountId, AccessKinds.BoundaryIndex, policyArn, stop);
        var roles = await cx.Documents.ListByIndexAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.BoundaryIndex, policyArn, stop);
        return users.Count + roles.Count;
    }
}
