namespace Longspan.Services.SecretsManager.Documents;

/// <summary>The value of one version. Scope <c>account/region/name-suffix</c>, name is the version's id.</summary>
internal sealed record SecretValueDocument
{
    public string? Text { get; init; }
    public byte[]? Binary { get; init; }

    // A record prints its members; this one must never print its value.
    public override string ToString() => nameof(SecretValueDocument);

    public bool Equals(SecretValueDocument? other) =>
        other is not null && Text == other.Text
        && (Binary is null ? other.Binary is null : other.Binary is not null && Binary.AsSpan().SequenceEqual(other.Binary));

    public override int GetHashCode() => HashCode.Combine(Text, Binary?.Length);
}
