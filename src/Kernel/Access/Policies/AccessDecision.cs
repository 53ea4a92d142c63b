namespace Longspan.Kernel.Access.Policies;

/// <summary>The answer to a question, and which kind of policy made it a no. The default value is a no.</summary>
public readonly record struct AccessDecision(AccessOutcome Outcome, PolicyKind Kind)
{
    public static AccessDecision Allowed { get; } = new(AccessOutcome.Allowed, PolicyKind.Identity);

    public bool IsAllowed => Outcome == AccessOutcome.Allowed;

    public static AccessDecision ImplicitDeny(PolicyKind kind) => new(AccessOutcome.ImplicitDeny, kind);

    public static AccessDecision ExplicitDeny(PolicyKind kind) => new(AccessOutcome.ExplicitDeny, kind);

    /// <summary>The refusal in AWS's words.</summary>
    /// <param name="action">As the service spells it in refusals.</param>
    public string Refusal(string callerArn, string action, string resource)
    {
        var refused = $"User: {callerArn} is not authorized to perform: {action} on resource: {resource}";
        return Outcome == AccessOutcome.ExplicitDeny
            ? $"{refused} with an explicit deny in {Article}"
            : $"{refused} because no {Noun} allows the {action} action";
    }

    private string Noun => Kind switch
    {
        PolicyKind.Resource => "resource-based policy",
        PolicyKind.Boundary => "permissions boundary",
        PolicyKind.Session => "session policy",
        _ => "identity-based policy",
    };

    private string Article => Kind == PolicyKind.Identity ? $"an {Noun}" : $"a {Noun}";
}

public enum AccessOutcome
{
    ImplicitDeny, ExplicitDeny, Allowed,
}

/// <summary>The kinds of policies that AWS tells apart in its refusals.</summary>
public enum PolicyKind
{
    Identity, Resource, Boundary, Session,
}
