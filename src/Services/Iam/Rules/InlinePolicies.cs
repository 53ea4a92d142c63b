using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>The policies that live in an identity itself: one rule for users, groups and roles.</summary>
internal static class InlinePolicies
{
    public static async ValueTask PutAsync<T>(
        IamContext cx, IdentityKind<T> kind, string? identityName, string? policyName, string? text, CancellationToken stop)
        where T : IdentityDocument
    {
        var name = IamChecks.Name("policyName", policyName, IamLimits.PolicyNameLength);
        var policy = IamChecks.Policy(text, PolicyUse.Identity, $"{kind.QuotaNoun}PolicySize", kind.InlineSize);
        await cx.CommitAsync(async () =>
        {
            var identity = await kind.ChangeAsync(cx, identityName, stop);
            var policies = IamChecks.WithInline(
                identity.Value.InlinePolicies, name, policy, kind.InlineSize, $"{kind.Noun} {kind.NameOf(identity.Value)}");
            return new Commit().Update(kind.Documents, identity, (T)(identity.Value with { InlinePolicies = policies }));
        }, stop);
    }

    /// <summary>The identity's name as it is spelled, and the policy's text as answers carry it.</summary>
    public static async ValueTask<(string Identity, string Text)> GetAsync<T>(
        IamContext cx, IdentityKind<T> kind, string? identityName, string policyName, CancellationToken stop)
        where T : IdentityDocument
    {
        var identity = await kind.FindAsync(cx, identityName, stop);
        return identity.Value.InlinePolicies.TryGetValue(policyName, out var text)
            ? (kind.NameOf(identity.Value), Shapes.Encoded(text))
            : throw IamFaults.NoInlinePolicy(kind.Noun, policyName);
    }

    public static async ValueTask<Page<string>> ListAsync<T>(
        IamContext cx, IdentityKind<T> kind, string? identityName, string? marker, int? maxItems, CancellationToken stop)
        where T : IdentityDocument
    {
        var identity = await kind.FindAsync(cx, identityName, stop);
        return Paging.Cut(identity.Value.InlinePolicies.Keys.Order(StringComparer.Ordinal), name => name, marker, maxItems);
    }

    public static ValueTask DeleteAsync<T>(
        IamContext cx, IdentityKind<T> kind, string? identityName, string policyName, CancellationToken stop)
        where T : IdentityDocument =>
        cx.CommitAsync(async () =>
        {
            var identity = await kind.ChangeAsync(cx, identityName, stop);
            var policies = identity.Value.InlinePolicies.ToDictionary();
            return policies.Remove(policyName)
                ? new Commit().Update(kind.Documents, identity, (T)(identity.Value with { InlinePolicies = policies }))
                : throw IamFaults.NoInlinePolicy(kind.Noun, policyName);
        }, stop);
}
