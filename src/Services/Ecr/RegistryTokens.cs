using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Store;

namespace Longspan.Services.Ecr;

/// <summary>
/// Passwords for <c>docker login</c>: sealed claims, so that they cannot be forged and need no storage. A registry client sends one
/// with every request; it names the region too, because a registry's address does not.
/// </summary>
internal sealed class RegistryTokens(Sealer sealer, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    /// <summary>Room for a session with its policy and tags.</summary>
    private const int LongestToken = 16_384;
    private const string Associated = "registry";

    private readonly SealedBox _box = new(sealer, "longspan/ecr-registry-token/1");

    public string Issue(RegistryClaims claims) =>
        Base64Url.EncodeToString(_box.Seal(JsonSerializer.SerializeToUtf8Bytes(claims, RegistryTokenJson.Default.RegistryClaims), Associated));

    /// <summary>Null when the token is not ours or is over.</summary>
    public RegistryClaims? Open(string token)
    {
        if (token.Length > LongestToken || !Base64Url.IsValid(token) || _box.TryOpen(Base64Url.DecodeFromChars(token), Associated) is not { } plain)
        {
            return null;
        }
        var claims = JsonSerializer.Deserialize(plain, RegistryTokenJson.Default.RegistryClaims);
        return claims is not null && claims.ExpiresAt > clock.GetUtcNow() ? claims : null;
    }
}

/// <summary>
/// Who asked for the token, as the signature check told it, so that policies decide on pushes and pulls as they stand when those happen.
/// </summary>
/// <param name="OnlyBlob"><c>repository@digest</c> when the token is for downloading one layer and nothing else.</param>
internal sealed record RegistryClaims(
    string CallerArn, string CallerId, string AccessKeyId, bool IsAdministrator, CallerSession? Session,
    string AccountId, string Region, DateTimeOffset ExpiresAt, string? OnlyBlob = null)
{
    public static RegistryClaims Of(CallContext call, DateTimeOffset expiresAt, string? onlyBlob = null) => new(
        call.Caller.Arn, call.Caller.UserId, call.Caller.AccessKeyId, call.Caller.IsAdministrator, call.Caller.Session,
        call.AccountId, call.Region, expiresAt, onlyBlob);

    public Caller Caller() => new(AccountId, CallerArn, CallerId, AccessKeyId, IsAdministrator) { Session = Session };
}

[JsonSerializable(typeof(RegistryClaims))]
internal sealed partial class RegistryTokenJson : JsonSerializerContext;
