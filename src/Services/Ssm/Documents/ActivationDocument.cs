namespace Longspan.Services.Ssm.Documents;

/// <summary>
/// A hybrid activation: the right to register a number of machines until a date. In the account's scope rather than a region's, because
/// the unsigned call that uses it names no region. Only a hash of the code is kept: it is shown once.
/// </summary>
public sealed record ActivationDocument
{
    public required string ActivationId { get; init; }
    public required string Region { get; init; }
    /// <summary>SHA-256 in Base64. The code itself has more entropy than a hash needs to be slow for.</summary>
    public required string CodeHash { get; init; }
    /// <summary>As given: a role's name, perhaps with its path.</summary>
    public required string IamRole { get; init; }
    public string? Description { get; init; }
    public string? DefaultInstanceName { get; init; }
    public required int RegistrationLimit { get; init; }
    public int RegistrationsCount { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public bool IsExpiredAt(DateTimeOffset now) => now >= ExpiresAt;
}
