namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// An IAM user. Stored under its name in lower case, because IAM does not tell names apart by case. Its key ids are part of the
/// document so that the limit of keys per user holds under concurrent creation: both creators must replace the same revision.
/// </summary>
public sealed record UserDocument : IdentityDocument
{
    public required string UserName { get; init; }
    public required string UserId { get; init; }
    public required string Path { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>Set for the account's own administrator only, which bootstrap makes; it may do everything, like the root user.</summary>
    public bool IsAdministrator { get; init; }
    public IReadOnlyList<string> AccessKeyIds { get; init; } = [];
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>
    /// Document names of the groups that the user is in, so that one read of the user tells which groups to read. Older documents do not
    /// have the member.
    /// </summary>
    public IReadOnlyList<string> GroupNames { get => field ?? []; init; }
    public string? PermissionsBoundaryArn { get; init; }

    public string ArnIn(string accountId) => $"arn:aws:iam::{accountId}:user{Path}{UserName}";
}
