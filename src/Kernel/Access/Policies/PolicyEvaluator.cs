namespace Longspan.Kernel.Access.Policies;

/// <summary>
/// Decides a question by all policies that bear on it, in AWS's order for one account:
/// <list type="number">
/// <item>An explicit deny in any of them ends it.</item>
/// <item>A resource's policy that names this user, this session or this service allows by itself: neither boundary nor session policy has
/// to agree.</item>
/// <item>Otherwise the identity's policies must allow, or the resource's policy by naming everyone or the session's role. Naming the account
/// allows nobody; it only makes the resource agree where it is asked to (<see cref="AccessDemand.IsResourcePolicyRequired"/>).</item>
/// <item>The boundary must allow too, if there is one, and the session's policies, if there are any.</item>
/// </list>
/// A calculation: the same question has the same answer, whatever the order of policies and statements.
/// </summary>
public static class PolicyEvaluator
{
    private enum Effect
    {
        None, Allow, Deny,
    }

    public static AccessDecision Decide(AccessContext context)
    {
        var principal = context.Principal;
        var identity = Of(principal.Identity, context);
        var boundary = principal.Boundary is null ? Effect.Allow : Of(principal.Boundary, context);
        var session = principal.Session is null ? Effect.Allow : Of(principal.Session, context);
        var resource = Effect.None;
        var naming = context.Demand.ResourcePolicy is null ? Naming.No : Of(context.Demand.ResourcePolicy, context, out resource);

        if (identity == Effect.Deny)
        {
            return AccessDecision.ExplicitDeny(PolicyKind.Identity);
        }
        if (resource == Effect.Deny)
        {
            return AccessDecision.ExplicitDeny(PolicyKind.Resource);
        }
        if (boundary == Effect.Deny)
        {
            return AccessDecision.ExplicitDeny(PolicyKind.Boundary);
        }
        if (session == Effect.Deny)
        {
            return AccessDecision.ExplicitDeny(PolicyKind.Session);
        }
        if (naming == Naming.Exact)
        {
            return AccessDecision.Allowed;
        }
        if (context.Demand.IsResourcePolicyRequired && naming == Naming.No)
        {
            return AccessDecision.ImplicitDeny(PolicyKind.Resource);
        }
        if (identity != Effect.Allow && naming != Naming.Group)
        {
            return AccessDecision.ImplicitDeny(principal.HasIdentity ? PolicyKind.Identity : PolicyKind.Resource);
        }
        if (boundary != Effect.Allow)
        {
            return AccessDecision.ImplicitDeny(PolicyKind.Boundary);
        }
        return session == Effect.Allow ? AccessDecision.Allowed : AccessDecision.ImplicitDeny(PolicyKind.Session);
    }

    /// <summary>Whether a policy with principals, taken by itself, lets the caller in; naming the account is enough.</summary>
    public static bool Allows(Policy policy, AccessContext context, string? federatedProvider = null) =>
        Of(policy, context, out _, federatedProvider) != Naming.No;

    private static Effect Of(IReadOnlyList<NamedPolicy> policies, AccessContext context)
    {
        var effect = Effect.None;
        for (var i = 0; i < policies.Count; i++)
        {
            foreach (var statement in policies[i].Policy.Matchers)
            {
                // An allow that is not the first adds nothing.
                if ((effect == Effect.Allow && statement.Statement.IsAllow) || !statement.Applies(context))
                {
                    continue;
                }
                if (!statement.Statement.IsAllow)
                {
                    return Effect.Deny;
                }
                effect = Effect.Allow;
            }
        }
        return effect;
    }

    /// <summary>The closest naming among the allows that apply; none when a deny applies.</summary>
    private static Naming Of(Policy policy, AccessContext context, out Effect effect, string? federatedProvider = null)
    {
        var best = Naming.No;
        foreach (var statement in policy.Matchers)
        {
            var naming = PrincipalRules.Match(statement.Statement, context.Principal, federatedProvider);
            if (naming == Naming.No || (statement.Statement.IsAllow && naming <= best) || !statement.Applies(context))
            {
                continue;
            }
            if (!statement.Statement.IsAllow)
            {
                effect = Effect.Deny;
                return Naming.No;
            }
            best = naming;
        }
        effect = best == Naming.No ? Effect.None : Effect.Allow;
        return best;
    }
}
