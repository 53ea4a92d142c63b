namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// An IAM group. Stored under its name in lower case. Who is in it stands in the users' own documents; this one counts them
/// (<see cref="MemberCount"/>), so that a deletion and a new member that race cannot both succeed.
/// </summary>
public sealed record GroupDocument : IdentityDocument
{
    public required string GroupName { get; init; }
    public required string GroupId { get; init; }
    public required string Path { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public int MemberCount { get; init; }

    public string ArnIn(string accountId) => $"arn:aws:iam::{accountId}:group{Path}{GroupName}";
}
