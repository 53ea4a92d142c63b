using Longspan.Api.Iam;
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
    public static ValueTask AttachAsync<T>(
        IamContext cx, IdentityKind<T> kind, string? identityName, string policyArn, CancellationToken stop)
        where T : IdentityDocument =>
        cx.CommitAsync(async () =>
        {
            var identity = await kind.ChangeAsync(cx, identityName, stop);
            var attached = identity.Value.AttachedPolicyArns;
            var commit = new Commit();
            if (attached.Contains(policyArn))
            {
                return commit;
            }
            if (attached.Count >= IamLimits.ManagedPoliciesPerIdentity)
            {
                throw IamFaults.Quota($"PoliciesPer{kind.QuotaNoun}", IamLimits.ManagedPoliciesPerIdentity);
            }
            await CountAsync(cx, commit, policyArn, stop);
            return commit.Update(kind.Documents, identity, (T)(identity.Value with { AttachedPolicyArns = [.. attached, policyArn] }));
        }, stop);

    public static ValueTask DetachAsync<T>(
        IamContext cx, IdentityKind<T> kind, string? identityName, string policyArn, CancellationToken stop)
        where T : IdentityDocument =>
        cx.CommitAsync(async () =>
        {
            var identity = await kind.ChangeAsync(cx, identityName, stop);
            if (!identity.Value.AttachedPolicyArns.Contains(policyArn))
            {
                throw IamFaults.NoPolicy(policyArn);
            }
            var commit = new Commit();
            var policy = await Identities.FindPolicyAsync(cx, policyArn, stop);
            if (policy is not null)
            {
                commit.Update(AccessKinds.Policies, policy, policy.Value with { AttachmentCount = Math.Max(0, policy.Value.AttachmentCount - 1) });
            }
            return commit.Update(kind.Documents, identity,
                (T)(identity.Value with { AttachedPolicyArns = [.. identity.Value.AttachedPolicyArns.Where(a => a != policyArn)] }));
        }, stop);

    public static async ValueTask<Page<string>> ListAsync<T>(
        IamContext cx, IdentityKind<T> kind, string? identityName, string? pathPrefix, string? marker, int? maxItems, CancellationToken stop)
        where T : IdentityDocument
    {
        var identity = await kind.FindAsync(cx, identityName, stop);
        return Paging.Cut(UnderPath(identity.Value.AttachedPolicyArns, pathPrefix), arn => arn, marker, maxItems);
    }

    private static async ValueTask CountAsync(IamContext cx, Commit commit, string policyArn, CancellationToken stop)
    {
        var policy = await Identities.FindPolicyAsync(cx, policyArn, stop);
        if (policy is not null)
        {
            commit.Update(AccessKinds.Policies, policy, policy.Value with { AttachmentCount = policy.Value.AttachmentCount + 1 });
        }
        else if (!ManagedPolicies.IsKnown(policyArn))
        {
            throw IamFaults.NotAttachable(policyArn);
        }
        else if (ManagedPolicies.IsOfServiceLinkedRole(policyArn))
        {
            throw new PolicyNotAttachableException("Cannot attach a Service Role Policy to a Customer Role.");
        }
    }

    /// <summary>Users, groups and roles that an AWS-managed policy is attached to.</summary>
    public static async ValueTask<int> CountAsync(IamContext cx, string policyArn, CancellationToken stop)
    {
        var users = await cx.Documents.ListByIndexAsync(AccessKinds.Users, cx.AccountId, AccessKinds.AttachedIndex, policyArn, stop);
        var groups = await cx.Documents.ListByIndexAsync(AccessKinds.Groups, cx.AccountId, AccessKinds.AttachedIndex, policyArn, stop);
        var roles = await cx.Documents.ListByIndexAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.AttachedIndex, policyArn, stop);
        return users.Count + groups.Count + roles.Count;
    }

    private static IEnumerable<string> UnderPath(IEnumerable<string> arns, string? pathPrefix) =>
        arns.Where(arn => Kernel.Arn.TryParse(arn, out var parsed)
                && parsed.Resource["policy".Length..].StartsWith(pathPrefix ?? "/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
}
