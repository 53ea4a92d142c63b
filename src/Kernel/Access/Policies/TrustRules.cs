namespace Longspan.Kernel.Access.Policies;

/// <summary>Who wants to take on a role, and with what.</summary>
/// <param name="Action"><c>sts:AssumeRole</c> or one of its companions.</param>
public sealed record TrustRequest(string Action, Caller Caller)
{
    public string? ExternalId { get; init; }
    public string? SessionName { get; init; }
    /// <summary>Further context keys, in lower case: <c>aws:sourcearn</c>.</summary>
    public IReadOnlyDictionary<string, string> Context { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// Whether a role's trust policy lets a caller in. A deny that matches wins; an allow must match its principal, action and every condition.
/// A condition that cannot be decided yet counts as failed in an allow and as met in a deny.
/// <para>
/// Principals match so: <c>Service</c> a service principal of that name; <c>AWS</c> the account (its id or root ARN: anyone in it), a
/// user, a role (any session of it) or one session, by ARN or unique id. The account's administrators, the platform's own hand
/// among them, also pass a statement that names a service: they could rewrite the policy anyway, and the control plane takes on task
/// roles this way.
/// </para>
/// </summary>
public static class TrustRules
{
    public static bool Allows(Policy trust, TrustRequest request)
    {
        var allowed = false;
        foreach (var statement in trust.Statements)
        {
            if (!NamesAction(statement, request.Action) || !NamesPrincipal(statement, request.Caller))
            {
                continue;
            }
            if (!statement.IsAllow && ConditionsHold(statement, request, undecided: true))
            {
                return false;
            }
            allowed |= statement.IsAllow && ConditionsHold(statement, request, undecided: false);
        }
        return allowed;
    }

    /// <summary>Whether the policy lets this service in at all, whatever its conditions; asked before a role is given to a service.</summary>
    public static bool NamesService(Policy trust, string service) =>
        trust.Statements.Any(s => s.IsAllow && NamesAction(s, "sts:AssumeRole") && s.Principals is { } p
            && !s.PrincipalsInverted && p.Of("Service").Contains(service, StringComparer.OrdinalIgnoreCase));

    private static bool NamesAction(PolicyStatement statement, string action) =>
        statement.Actions.Any(pattern => Wildcards.Match(pattern, action, ignoreCase: true)) != statement.ActionsInverted;

    private static bool NamesPrincipal(PolicyStatement statement, Caller caller)
    {
        if (statement.Principals is not { } principals)
        {
            return false;
        }
        if (statement.PrincipalsInverted)
        {
            return !principals.Anyone && !MatchesAny(principals, caller);
        }
        return principals.Anyone
            || MatchesAny(principals, caller)
            || (statement.IsAllow && caller.IsAdministrator && principals.Of("Service").Count > 0);
    }

    private static bool MatchesAny(PolicyPrincipals principals, Caller caller) =>
        caller.ServicePrincipal is { } service
            ? principals.Of("Service").Contains(service, StringComparer.OrdinalIgnoreCase)
            : principals.Of("AWS").Any(p => Matches(p, caller));

    private static bool Matches(string principal, Caller caller)
    {
        if (principal == "*" || principal == caller.AccountId || principal == caller.Arn || principal == caller.UserId)
        {
            return true;
        }
        if (!Arn.TryParse(principal, out var named))
        {
            // A role's unique id stands for every session of it.
            return caller.UserId.StartsWith(principal + ":", StringComparison.Ordinal);
        }
        if (named.AccountId != caller.AccountId)
        {
            return false;
        }
        return named.Resource == "root"
            || (named.Service == "iam" && named.Resource.StartsWith("role/", StringComparison.Ordinal)
                && Arn.TryParse(caller.Arn, out var arn) && arn.Service == "sts"
                && arn.Resource.StartsWith($"assumed-role/{named.Name}/", StringComparison.OrdinalIgnoreCase));
    }

    private static bool ConditionsHold(PolicyStatement statement, TrustRequest request, bool undecided) =>
        statement.Conditions.All(c => ConditionRules.Holds(c, key => ValueOf(key, request)) ?? undecided);

    private static string? ValueOf(string key, TrustRequest request) => key.ToLowerInvariant() switch
    {
        "sts:externalid" => request.ExternalId,
        "sts:rolesessionname" => request.SessionName,
        "aws:principalarn" => request.Caller.Arn,
        "aws:principalaccount" => request.Caller.AccountId,
        "aws:sourceaccount" => request.Caller.AccountId,
        "aws:userid" => request.Caller.UserId,
        "aws:securetransport" => "true",
        var other => request.Context.GetValueOrDefault(other),
    };
}
