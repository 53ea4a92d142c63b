namespace Longspan.Kernel.Access.Documents;

/// <summary>A user's long-lived key. The signature check needs the secret itself, so the kind is sealed at rest instead of hashed.</summary>
public sealed record AccessKeyDocument
{
    public required string AccessKeyId { get; init; }
    public required string UserName { get; init; }
    public required string Secret { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public bool IsActive { get; init; } = true;

    // A record prints its members; this one must never print its secret.
    public override string ToString() => $"{AccessKeyId} of {UserName}";
}
