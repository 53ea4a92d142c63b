namespace Longspan.Kernel.Access.Policies;

/// <summary>A decision with its reasons, for those who try policies out. Slower than the decision alone, and never another one.</summary>
/// <param name="Matched">The statements that made it so: the denies of an explicit deny, the allows of an allow, none of an implicit deny.</param>
/// <param name="MissingKeys">Keys that a statement for this action and resource asks for and the question does not have.</param>
/// <param name="AllowedByBoundary">Null when there is no boundary.</param>
public sealed record SimulatedDecision(
    AccessDecision Decision, IReadOnlyList<MatchedStatement> Matched, IReadOnlyList<string> MissingKeys, bool? AllowedByBoundary);

/// <param name="Index">Which of the policy's statements.</param>
public sealed record MatchedStatement(NamedPolicy Policy, int Index);

public static class PolicySimulation
{
    public static SimulatedDecision Decide(AccessContext context)
    {
        var decision = PolicyEvaluator.Decide(context);
        List<MatchedStatement> matched = [];
        List<string> missing = [];
        foreach (var policy in PoliciesOf(context))
        {
            for (var i = 0; i < policy.Policy.Matchers.Length; i++)
            {
                var statement = policy.Policy.Matchers[i];
                if (policy.Source == PolicySource.Resource && PrincipalRules.Match(statement.Statement, context.Principal, null) == Naming.No)
                {
                    continue;
                }
                missing.AddRange(statement.MissingKeys(context).Select(k => k.Text));
                if (decision.Outcome != AccessOutcome.ImplicitDeny && statement.Statement.IsAllow == decision.IsAllowed && statement.Applies(context))
                {
                    matched.Add(new MatchedStatement(policy, i));
                }
            }
        }
        return new SimulatedDecision(
            decision, matched, [.. missing.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase)], ByBoundary(context));
    }

    /// <summary>All context keys that a policy's conditions and variables name.</summary>
    public static IReadOnlyList<string> KeysOf(IEnumerable<Policy> policies) =>
        [.. policies.SelectMany(p => p.Matchers).SelectMany(s => s.Keys).Select(k => k.Text).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase)];

    private static IEnumerable<NamedPolicy> PoliciesOf(AccessContext context) =>
    [
        .. context.Principal.Identity,
        .. context.Principal.Boundary ?? [],
        .. context.Principal.Session ?? [],
        .. context.Demand.ResourcePolicy is { } resource ? [new NamedPolicy("ResourcePolicy", PolicySource.Resource, resource)] : (NamedPolicy[])[],
    ];

    private static bool? ByBoundary(AccessContext context)
    {
        if (context.Principal.Boundary is not { } boundary)
        {
            return null;
        }
        var alone = new Principal(context.Principal.Caller) { UserName = context.Principal.UserName, Tags = context.Principal.Tags, Identity = boundary };
        var question = new AccessContext(alone, context.Demand with { ResourcePolicy = null, IsResourcePolicyRequired = false }) { Told = context.Told, Now = context.Now };
        return PolicyEvaluator.Decide(question).IsAllowed;
    }
}
