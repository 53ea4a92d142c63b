namespace Longspan.Services.Kms.Documents;

/// <summary>A principal's permission to use one key in named ways, beside the key's policy.</summary>
public sealed record GrantDocument
{
    public required string GrantId { get; init; }
    public required string KeyId { get; init; }
    public string? Name { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>An ARN, or the service principal when <see cref="IsGranteeService"/>.</summary>
    public required string Grantee { get; init; }
    public bool IsGranteeService { get; init; }
    public string? Retiring { get; init; }
    public bool IsRetiringService { get; init; }
    public required string IssuingAccount { get; init; }
    public required IReadOnlyList<string> Operations { get; init; }
    public IReadOnlyDictionary<string, string>? ContextSubset { get; init; }
    public IReadOnlyDictionary<string, string>? ContextEquals { get; init; }
}
