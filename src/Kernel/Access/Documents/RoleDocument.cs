namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// An IAM role. Stored under its name in lower case. <see cref="RoleId"/> is minted anew when a role of the same name is made again, and
/// session tokens carry it: deleting a role refuses every session of it, also after the name comes back.
/// </summary>
public sealed record RoleDocument
{
    public const int DefaultMaximumSessionSeconds = 3600;

    public required string RoleName { get; init; }
    public required string RoleId { get; init; }
    public required string Path { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string TrustPolicy { get; init; }
    public string? Description { get; init; }
    public int MaximumSessionSeconds { get; init; } = DefaultMaximumSessionSeconds;
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>Policy name to policy text.</summary>
    public IReadOnlyDictionary<string, string> InlinePolicies { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<string> AttachedPolicyArns { get; init; } = [];
    public string? PermissionsBoundaryArn { get; init; }

    public string ArnIn(string accountId) => $"arn:aws:iam::{accountId}:role{Path}{RoleName}";
}
