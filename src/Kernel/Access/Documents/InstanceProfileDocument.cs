namespace Longspan.Kernel.Access.Documents;

/// <summary>An instance profile: the wrapper by which a machine is given a role. Stored under its name in lower case.</summary>
public sealed record InstanceProfileDocument
{
    public required string InstanceProfileName { get; init; }
    public required string InstanceProfileId { get; init; }
    public required string Path { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public string? RoleName { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public string ArnIn(string accountId) => $"arn:aws:iam::{accountId}:instance-profile{Path}{InstanceProfileName}";
}
