namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// A customer-managed policy with its versions. Stored under its name in lower case. Attaching and detaching replaces this document too
/// (<see cref="AttachmentCount"/>), so that a deletion and an attachment that race cannot both succeed.
/// </summary>
public sealed record PolicyDocument
{
    public required string PolicyName { get; init; }
    public required string PolicyId { get; init; }
    public required string Path { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string DefaultVersionId { get; init; }
    public required IReadOnlyList<PolicyVersionRecord> Versions { get; init; }
    /// <summary>The highest number that a version ever had.</summary>
    public int LatestVersion { get; init; } = 1;
    public string? Description { get; init; }
    public int AttachmentCount { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public string ArnIn(string accountId) => $"arn:aws:iam::{accountId}:policy{Path}{PolicyName}";
}

public sealed record PolicyVersionRecord(string VersionId, string Text, DateTimeOffset CreatedAt);
