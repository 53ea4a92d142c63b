namespace Longspan.Kernel.Access.Policies;

/// <summary>Who wants to take on a role, and with what.</summary>
/// <param name="Action"><c>sts:AssumeRole</c> or one of its companions.</param>
public sealed record TrustRequest(string Action, Caller Caller)
{
    private static readonly Dictionary<string, IReadOnlyList<string>> s_none = [];

    public string? ExternalId { get; init; }
    public string? SessionName { get; init; }
    /// <summary>The identity provider that vouched for a caller without keys of its own.</summary>
    public string? FederatedProvider { get; init; }
    public string? SourceIdentity { get; init; }
    public IReadOnlyList<string>? TransitiveTagKeys { get; init; }
    /// <summary>Further context keys that the request gives: an identity token's claims.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Keys { get; init; } = s_none;
    /// <summary>Tags that the session shall have.</summary>
    public IReadOnlyDictionary<string, string>? SessionTags { get; init; }
    /// <summary>The call that asks, for its address and time; null only where a policy is read without a call.</summary>
    public CallContext? Call { get; init; }
    /// <summary>The caller with its tags, where it is known.</summary>
    public Principal? Principal { get; init; }
}

/// <summary>
/// Whether a role's trust policy, taken by itself, lets a caller in. It is evaluated as every resource's policy is; to name the
/// account is enough here, and whether the caller's own policies let it ask is a question of its own.
/// </summary>
public static class TrustRules
{
    private const string Assume = "sts:AssumeRole";

    public static bool Allows(Policy trust, TrustRequest request)
    {
        var demand = new AccessDemand(request.Action, "*") { Keys = KeysOf(request), RequestTags = request.SessionTags };
        var principal = request.Principal ?? new Principal(request.Caller);
        var context = request.Call is { } call ? AccessContext.Of(call, principal, demand) : new AccessContext(principal, demand);
        return PolicyEvaluator.Allows(trust, context, request.FederatedProvider);
    }

    /// <summary>Whether the policy lets this service in at all, whatever its conditions; asked before a role is given to a service.</summary>
    public static bool NamesService(Policy trust, string service) =>
        trust.Statements.Any(s => s.IsAllow && s.Principals is { } p && !s.PrincipalsInverted
            && s.Actions.Any(pattern => Wildcards.Match(pattern, Assume, ignoreCase: true)) != s.ActionsInverted
            && p.Of("Service").Contains(service, StringComparer.OrdinalIgnoreCase));

    private static Dictionary<string, IReadOnlyList<string>> KeysOf(TrustRequest request)
    {
        var keys = new Dictionary<string, IReadOnlyList<string>>(request.Keys, StringComparer.OrdinalIgnoreCase);
        if (request.ExternalId is not null)
        {
            keys["sts:ExternalId"] = [request.ExternalId];
        }
        if (request.SessionName is not null)
        {
            keys["sts:RoleSessionName"] = [request.SessionName];
        }
        if (request.SourceIdentity is not null)
        {
            keys["sts:SourceIdentity"] = [request.SourceIdentity];
        }
        if (request.TransitiveTagKeys is { Count: > 0 } transitive)
        {
            keys["sts:TransitiveTagKeys"] = transitive;
        }
        return keys;
    }
}
