using System.Text.Json.Serialization;

namespace Longspan.Kernel.Access;

/// <summary>
/// What a session token says about its temporary key. It travels sealed with the client; the server keeps nothing. JSON names are short
/// because every signed request carries them, and frozen because tokens outlive a restart.
/// </summary>
public sealed record SessionClaims
{
    [JsonPropertyName("k")] public required string AccessKeyId { get; init; }
    [JsonPropertyName("s")] public required string Secret { get; init; }
    [JsonPropertyName("a")] public required string AccountId { get; init; }
    /// <summary>The role's or user's name, by which its document is found at each use.</summary>
    [JsonPropertyName("n")] public required string PrincipalName { get; init; }
    /// <summary>The role's or user's unique id: a principal made again under the same name is another one.</summary>
    [JsonPropertyName("p")] public required string PrincipalId { get; init; }
    /// <summary>Set for a role's session, null for a user's <c>GetSessionToken</c>.</summary>
    [JsonPropertyName("r")] public string? RoleSessionName { get; init; }
    [JsonPropertyName("i")] public required long IssuedAtMilliseconds { get; init; }
    [JsonPropertyName("e")] public required long ExpiresAtSeconds { get; init; }
    [JsonPropertyName("sp")] public string? SessionPolicy { get; init; }
    [JsonPropertyName("pa")] public IReadOnlyList<string>? SessionPolicyArns { get; init; }
    [JsonPropertyName("t")] public IReadOnlyDictionary<string, string>? Tags { get; init; }
    [JsonPropertyName("tt")] public IReadOnlyList<string>? TransitiveTagKeys { get; init; }
    [JsonPropertyName("si")] public string? SourceIdentity { get; init; }
    [JsonPropertyName("x")] public string? ExternalId { get; init; }
    /// <summary>Set by <c>GetFederationToken</c>: whom the user, who is the principal, lets in under this name.</summary>
    [JsonPropertyName("f")] public string? FederatedName { get; init; }
    /// <summary>The ARN of the provider whose token opened the session (<c>aws:FederatedProvider</c>).</summary>
    [JsonPropertyName("fp")] public string? FederatedProvider { get; init; }
    /// <summary>Set for a session that a node keeps for the time of a cut.</summary>
    [JsonPropertyName("o")] public OfflineClaims? Offline { get; init; }

    /// <summary>As <c>GetCallerIdentity</c> tells it: <c>AROA…:SESSION</c>, <c>AIDA…</c> or <c>ACCOUNT:FEDERATED</c>.</summary>
    [JsonIgnore]
    public string UniqueId => FederatedName is not null ? $"{AccountId}:{FederatedName}"
        : RoleSessionName is null ? PrincipalId : $"{PrincipalId}:{RoleSessionName}";
    [JsonIgnore] public DateTimeOffset IssuedAt => DateTimeOffset.FromUnixTimeMilliseconds(IssuedAtMilliseconds);
    [JsonIgnore] public DateTimeOffset ExpiresAt => DateTimeOffset.FromUnixTimeSeconds(ExpiresAtSeconds);

    // A record prints its members; this one must never print its secret.
    public override string ToString() => $"{AccessKeyId} of {UniqueId}";
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SessionClaims))]
internal sealed partial class SessionJson : JsonSerializerContext;
