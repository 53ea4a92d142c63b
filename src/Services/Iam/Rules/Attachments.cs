using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>
/// The managed policy's half of attaching and detaching. A customer's policy counts its attachments in its own document, in the same commit
/// as the identity's change; AWS's own policies have no document and are counted through the index.
/// </summary>
internal static class Attachments
{
    public static async ValueTask AttachAsync(
        IamContext cx, Commit commit, IReadOnlyList<string> attached, string policyArn, string quota, CancellationToken stop)
    {
        if (attached.Count >= IamLimits.ManagedPoliciesPerIdentity)
        {
            throw IamFaults.Quota(quota, IamLimits.ManagedPoliciesPerIdentity);
        }
        var policy = await Identities.FindPolicyAsync(cx, policyArn, stop);
        if (policy is not null)
        {
            commit.Update(AccessKinds.Policies, policy, policy.Value with { AttachmentCount = policy.Value.AttachmentCount + 1 });
        }
        else if (!ManagedPolicies.IsKnown(policyArn))
        {
            throw IamFaults.NotAttachable(policyArn);
        }
    }

    public static async ValueTask DetachAsync(IamContext cx, Commit commit, string policyArn, CancellationToken stop)
    {
        var policy = await Identities.FindPolicyAsync(cx, policyArn, stop);
        if (policy is not null)
        {
            commit.Update(AccessKinds.Policies, policy, policy.Value with { AttachmentCount = Math.Max(0, policy.Value.AttachmentCount - 1) });
        }
    }

    /// <summary>Users and roles that an AWS-managed policy is attached to.</summary>
    public static async ValueTask<int> CountAsync(IamContext cx, string policyArn, CancellationToken stop)
    {
        var users = await cx.Documents.ListByIndexAsync(AccessKinds.Users, cx.AccountId, AccessKinds.AttachedIndex, policyArn, stop);
        var roles = await cx.Documents.ListByIndexAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.AttachedIndex, policyArn, stop);
        return users.Count + roles.Count;
    }

    public static IEnumerable<string> UnderPath(IEnumerable<string> arns, string? pathPrefix) =>
        arns.Where(arn => Kernel.Arn.TryParse(arn, out var parsed)
                && parsed.Resource["policy".Length..].StartsWith(pathPrefix ?? "/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    /// <summary>A boundary must name a policy that exists.</summary>
    public static async ValueTask<string?> BoundaryAsync(IamContext cx, string? policyArn, CancellationToken stop) =>
        policyArn is null || ManagedPolicies.IsKnown(policyArn) || await Identities.FindPolicyAsync(cx, policyArn, stop) is not null
            ? policyArn
            : throw new Api.Iam.NoSuchEntityException($"Scope ARN: {policyArn} does not exist or is not attachable.");
}
