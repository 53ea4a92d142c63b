namespace Longspan.Services.SecretsManager.Documents;

/// <summary>
/// The value of one version, encrypted under a data key of its own, which KMS has encrypted under the secret's key. Scope
/// <c>account/region/name-suffix</c>, name is the version's id.
/// </summary>
internal sealed record SecretValueDocument
{
    /// <summary>What the caller gave as <c>SecretString</c>, rather than <c>SecretBinary</c>.</summary>
    public required bool IsText { get; init; }
    /// <summary>As KMS handed it out.</summary>
    public required byte[] DataKey { get; init; }
    public required byte[] Ciphertext { get; init; }

    public override string ToString() => nameof(SecretValueDocument);
}
