namespace Longspan.Kernel.Access.Documents;

/// <summary>What users, groups and roles have in common: the policies that they hold.</summary>
public abstract record IdentityDocument
{
    /// <summary>Policy name to policy text.</summary>
    public IReadOnlyDictionary<string, string> InlinePolicies { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<string> AttachedPolicyArns { get; init; } = [];
}
