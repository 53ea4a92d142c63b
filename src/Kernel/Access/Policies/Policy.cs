namespace Longspan.Kernel.Access.Policies;

/// <summary>A policy's meaning after its text was checked. What evaluates policies works on this, never on text.</summary>
public sealed record Policy(string Version, string? Id, IReadOnlyList<PolicyStatement> Statements)
{
    /// <summary>The version of the language that knows variables; without it <c>${…}</c> is plain text.</summary>
    public const string CurrentVersion = "2012-10-17";

    private StatementMatcher[]? _matchers;

    /// <summary>What it was read from; null when it was put together otherwise.</summary>
    public string? Text { get; init; }

    // A copy may get other statements, so it prepares its own and was read from nothing.
    private Policy(Policy other) => (Version, Id, Statements) = (other.Version, other.Id, other.Statements);

    /// <summary>Stands for a policy that cannot be read: nobody knows what it would have denied.</summary>
    public static Policy DenyAll { get; } =
        new(CurrentVersion, null,
        [
            new PolicyStatement
            {
                IsAllow = false, Actions = ["*"], Resources = ["*"], Principals = new PolicyPrincipals(true, new Dictionary<string, IReadOnlyList<string>>()),
            },
        ]);

    /// <summary>The statements, prepared for matching when they are first needed. Two threads may both do it; the results are the same.</summary>
    internal StatementMatcher[] Matchers => _matchers ??= [.. Statements.Select(s => new StatementMatcher(s, Version == CurrentVersion))];

    // Each was read from a text of its own; comparing contents would serve nobody.
    public bool Equals(Policy? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

public sealed record PolicyStatement
{
    public string? Sid { get; init; }
    public required bool IsAllow { get; init; }
    /// <summary>Null in identity policies, whose principal is the identity that they belong to.</summary>
    public PolicyPrincipals? Principals { get; init; }
    /// <summary>The statement names the principals that it is not about (<c>NotPrincipal</c>).</summary>
    public bool PrincipalsInverted { get; init; }
    public required IReadOnlyList<string> Actions { get; init; }
    public bool ActionsInverted { get; init; }
    /// <summary>Empty in trust policies.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];
    public bool ResourcesInverted { get; init; }
    public IReadOnlyList<PolicyCondition> Conditions { get; init; } = [];
}

/// <param name="Anyone">The principal is <c>"*"</c>.</param>
/// <param name="ByType">Values by <c>AWS</c>, <c>Service</c>, <c>Federated</c>, <c>CanonicalUser</c>.</param>
public sealed record PolicyPrincipals(bool Anyone, IReadOnlyDictionary<string, IReadOnlyList<string>> ByType)
{
    public IReadOnlyList<string> Of(string type) => ByType.GetValueOrDefault(type) ?? [];
}

/// <summary>One operator and key with the values of which any may hold.</summary>
public sealed record PolicyCondition(string Operator, string Key, IReadOnlyList<string> Values);

/// <summary>Which elements a policy may and must have.</summary>
public enum PolicyUse
{
    /// <summary>Attached to an identity, or passed for a session: resources, no principals.</summary>
    Identity,
    /// <summary>A role's trust policy: principals, no resources.</summary>
    Trust,
    /// <summary>The policy of a queue, a repository, a key, a secret: principals, and resources or none for the one that it belongs to.</summary>
    Resource,
}
