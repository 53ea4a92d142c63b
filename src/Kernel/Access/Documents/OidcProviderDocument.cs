namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// An OpenID Connect provider whose tokens <c>AssumeRoleWithWebIdentity</c> accepts. Stored under its address without the scheme, in lower
/// case, as IAM names it in the ARN and in the condition keys of trust policies.
/// </summary>
public sealed record OidcProviderDocument
{
    /// <summary>The tokens' <c>iss</c>, scheme included.</summary>
    public required string Issuer { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>The audiences that tokens may be for.</summary>
    public IReadOnlyList<string> ClientIds { get; init; } = [];
    /// <summary>SHA-1 of the certificates that may vouch for the issuer's server if no public authority does; lower-case hex.</summary>
    public IReadOnlyList<string> Thumbprints { get; init; } = [];
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public string ArnIn(string accountId) => $"arn:aws:iam::{accountId}:oidc-provider/{NameOf(Issuer)}";

    /// <summary>The address without its scheme.</summary>
    public static string NameOf(string issuer) => issuer[(issuer.IndexOf("://", StringComparison.Ordinal) + 3)..];
}
