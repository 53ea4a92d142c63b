namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// An IAM role. Stored under its name in lower case. <see cref="RoleId"/> is minted anew when a role of the same name is made again, and
/// session tokens carry it: deleting a role refuses every session of it, also after the name comes back.
/// </summary>
public sealed record RoleDocument : IdentityDocument
{
    public const int DefaultMaximumSessionSeconds = 3600;
    /// <summary>Roles below this path belong to a service; IAM lets nobody else change them.</summary>
    public const string ServiceLinkedPath = "/aws-service-role/";

    public required string RoleName { get; init; }
    public required string RoleId { get; init; }
    public required string Path { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string TrustPolicy { get; init; }
    public string? Description { get; init; }
    public int MaximumSessionSeconds { get; init; } = DefaultMaximumSessionSeconds;
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>
    /// Document names of the instance profiles that the role is in: adding to one and deleting the role replace the same document, so
    /// they cannot both succeed. Older documents do not have the member.
    /// </summary>
    public IReadOnlyList<string> InstanceProfileNames { get => field ?? []; init; }
    public string? PermissionsBoundaryArn { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsServiceLinked => Path.StartsWith(ServiceLinkedPath, StringComparison.Ordinal);

    public string ArnIn(string accountId) => $"arn:aws:iam::{accountId}:role{Path}{RoleName}";
}
