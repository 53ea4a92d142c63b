using System.Text.Json;
using Longspan.Store;

namespace Longspan.Kernel.Access;

/// <summary>
/// Temporary credentials without server state: the session token is the sealed <see cref="SessionClaims"/>, the secret included, so any
/// replica that holds the data folder's key can check a signature, before and after restarts. The access key id is bound to the
/// token as associated data: a token under another key id does not open.
/// </summary>
public sealed class SessionTokens(Sealer sealer)
{
    /// <summary>Longer than any token that we issue; longer ones are refused unread.</summary>
    public const int MaximumLength = 16 * 1024;

    private readonly SealedBox _box = new(sealer, "longspan/session-token/1");

    /// <summary>Mints the key pair of a session. The claims' key id and secret are set here.</summary>
    public TemporaryCredentials Issue(
        string accountId, string principalName, string principalId, DateTimeOffset issuedAt, TimeSpan life,
        Func<SessionClaims, SessionClaims>? describe = null)
    {
        var claims = new SessionClaims
        {
            AccessKeyId = Ids.Unique("ASIA"),
            Secret = Ids.Secret(40),
            AccountId = accountId,
            PrincipalName = principalName,
            PrincipalId = principalId,
            IssuedAtMilliseconds = issuedAt.ToUnixTimeMilliseconds(),
            ExpiresAtSeconds = (issuedAt + life).ToUnixTimeSeconds(),
        };
        claims = describe?.Invoke(claims) ?? claims;
        var plain = JsonSerializer.SerializeToUtf8Bytes(claims, SessionJson.Default.SessionClaims);
        var token = Convert.ToBase64String(_box.Seal(plain, claims.AccessKeyId));
        return new TemporaryCredentials(claims.AccessKeyId, claims.Secret, token, claims.ExpiresAt);
    }

    /// <summary>Null when the token is not ours, was changed, or belongs to another access key. Says nothing about expiry.</summary>
    public SessionClaims? TryOpen(string token, string accessKeyId)
    {
        if (token.Length > MaximumLength)
        {
            return null;
        }
        var sealedBytes = new byte[(token.Length * 3 / 4) + 3];
        if (!Convert.TryFromBase64String(token, sealedBytes, out var length))
        {
            return null;
        }
        return _box.TryOpen(sealedBytes.AsSpan(0, length), accessKeyId) is { } plain
            ? JsonSerializer.Deserialize(plain, SessionJson.Default.SessionClaims)
            : null;
    }
}

/// <summary>What STS hands out.</summary>
public sealed record TemporaryCredentials(string AccessKeyId, string Secret, string SessionToken, DateTimeOffset ExpiresAt)
{
    public override string ToString() => AccessKeyId;
}
