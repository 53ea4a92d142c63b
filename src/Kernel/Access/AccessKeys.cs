using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>
/// Finds the secret and the caller behind an access key. Asked on every request, so results are kept in memory, but never at the price
/// of a stale answer: once a change to a key, user or role is acknowledged, no later request is served from before it
/// (<see cref="AccessChanges"/>).
/// </summary>
public sealed class AccessKeys
{
    /// <summary>More kept results than this and the memory starts over; expired sessions leave that way too.</summary>
    public const int MaximumKept = 8192;

    private readonly DocumentLog _documents;
    private readonly SessionTokens _tokens;
    private readonly TimeProvider _clock;
    private readonly string _accountId;
    private readonly bool _acceptAny;
    private readonly AccessCache<KeyLookup> _kept;

    /// <param name="acceptAny">Unknown keys act as the account's administrator. Loopback test servers only.</param>
    public AccessKeys(DocumentLog documents, SessionTokens tokens, TimeProvider clock, string accountId, bool acceptAny = false)
    {
        (_documents, _tokens, _clock, _accountId, _acceptAny) = (documents, tokens, clock, accountId, acceptAny);
        _kept = new AccessCache<KeyLookup>(AccessChanges.Of(documents), MaximumKept);
    }

    /// <summary>Decides about offline sessions. Where nobody does, none counts.</summary>
    public OfflineJudge? Offline { get; init; }

    /// <param name="sessionToken">The request's <c>X-Amz-Security-Token</c>, if it has one.</param>
    public async ValueTask<KeyLookup> FindAsync(string accessKeyId, string? sessionToken, CancellationToken stop)
    {
        var lookup = string.IsNullOrEmpty(sessionToken)
            ? await FindLongLivedAsync(accessKeyId, stop)
            : await FindSessionAsync(accessKeyId, sessionToken, stop);
        return _acceptAny && lookup.Status is KeyStatus.Unknown or KeyStatus.InvalidToken
            ? new KeyLookup(KeyStatus.AcceptedUnverified, null, Administrator(accessKeyId))
            : lookup;
    }

    /// <summary>Forgets everything kept; for a log that was emptied under us.</summary>
    public void Forget() => _kept.Clear();

    private Caller Administrator(string accessKeyId) => Caller.Platform(_accountId) with { AccessKeyId = accessKeyId };

    private async ValueTask<KeyLookup> FindLongLivedAsync(string accessKeyId, CancellationToken stop)
    {
        var now = _kept.Now;
        // Keys and tokens share one memory, and a request may put either into either place.
        if (_kept.TryGet(accessKeyId, out var kept) && kept.Session is null)
        {
            return kept;
        }
        if (accessKeyId.StartsWith("ASIA", StringComparison.Ordinal))
        {
            return new KeyLookup(KeyStatus.InvalidToken);
        }
        if (!IsKeyId(accessKeyId) || await _documents.GetAsync(AccessKinds.AccessKeys, _accountId, accessKeyId, stop) is not { } key)
        {
            return new KeyLookup(KeyStatus.Unknown);
        }
        if (!key.Value.IsActive)
        {
            return new KeyLookup(KeyStatus.Inactive);
        }
        var user = await _documents.GetAsync(AccessKinds.Users, _accountId, AccessKinds.NameOf(key.Value.UserName), stop);
        if (user is null)
        {
            return new KeyLookup(KeyStatus.Unknown);
        }
        return _kept.Keep(accessKeyId, new KeyLookup(KeyStatus.Found, key.Value.Secret, CallerOf(user.Value, accessKeyId)), now);
    }

    private async ValueTask<KeyLookup> FindSessionAsync(string accessKeyId, string sessionToken, CancellationToken stop)
    {
        var found = await OpenSessionAsync(accessKeyId, sessionToken, stop);
        if (found is not { Status: KeyStatus.Found, Session: { Offline: not null } session })
        {
            return found;
        }
        // To its holder a session that does not count is one that is over: SDKs then ask for other keys.
        return Offline is not null && await Offline(session, stop) ? found : Expired(session);
    }

    private async ValueTask<KeyLookup> OpenSessionAsync(string accessKeyId, string sessionToken, CancellationToken stop)
    {
        var now = _kept.Now;
        if (_kept.TryGet(sessionToken, out var kept) && kept.Session?.AccessKeyId == accessKeyId)
        {
            return IsOver(kept.Session) ? Expired(kept.Session) : kept;
        }
        if (_tokens.TryOpen(sessionToken, accessKeyId) is not { } session || session.AccountId != _accountId)
        {
            return new KeyLookup(KeyStatus.InvalidToken);
        }
        if (IsOver(session))
        {
            return Expired(session);
        }
        if (await FindPrincipalAsync(session, stop) is not { } caller || await IsRevokedAsync(session, stop))
        {
            return new KeyLookup(KeyStatus.Unknown);
        }
        return _kept.Keep(sessionToken, new KeyLookup(KeyStatus.Found, session.Secret, caller, session), now);
    }

    private async ValueTask<Caller?> FindPrincipalAsync(SessionClaims session, CancellationToken stop)
    {
        var name = AccessKinds.NameOf(session.PrincipalName);
        if (session.RoleSessionName is null)
        {
            var user = await _documents.GetAsync(AccessKinds.Users, _accountId, name, stop);
            if (user?.Value.UserId != session.PrincipalId)
            {
                return null;
            }
            return session.FederatedName is null
                ? CallerOf(user.Value, session.AccessKeyId) with { Session = SessionOf(session, null) }
                : new Caller(_accountId, FederatedUserArn(_accountId, session.FederatedName), session.UniqueId, session.AccessKeyId,
                    IsAdministrator: false)
                { Session = SessionOf(session, null) with { FederatingUser = user.Value.UserName } };
        }
        var role = await _documents.GetAsync(AccessKinds.Roles, _accountId, name, stop);
        return role?.Value.RoleId == session.PrincipalId
            ? new Caller(_accountId, AssumedRoleArn(_accountId, role.Value.RoleName, session.RoleSessionName), session.UniqueId,
                session.AccessKeyId, IsAdministrator: false)
            {
                Session = SessionOf(session, role.Value.ArnIn(_accountId)),
                Offline = session.Offline,
            }
            : null;
    }

    private static CallerSession SessionOf(SessionClaims session, string? roleArn) => new()
    {
        IssuedAt = session.IssuedAt,
        RoleArn = roleArn,
        Policy = session.SessionPolicy,
        PolicyArns = session.SessionPolicyArns,
        Tags = session.Tags,
        TransitiveTagKeys = session.TransitiveTagKeys,
        SourceIdentity = session.SourceIdentity,
        FederatedProvider = session.FederatedProvider,
    };

    public static string AssumedRoleArn(string accountId, string roleName, string sessionName) =>
        $"arn:aws:sts::{accountId}:assumed-role/{roleName}/{sessionName}";

    public static string FederatedUserArn(string accountId, string name) => $"arn:aws:sts::{accountId}:federated-user/{name}";

    private async ValueTask<bool> IsRevokedAsync(SessionClaims session, CancellationToken stop)
    {
        var revocation = await _documents.GetAsync(AccessKinds.Revocations, _accountId, session.UniqueId, stop);
        return revocation is not null && session.IssuedAtMilliseconds <= revocation.Value.IssuedUntil.ToUnixTimeMilliseconds();
    }

    private Caller CallerOf(UserDocument user, string accessKeyId) =>
        new(_accountId, user.ArnIn(_accountId), user.UserId, accessKeyId, user.IsAdministrator);

    private static KeyLookup Expired(SessionClaims session) => new(KeyStatus.Expired, session.Secret, null, session);

    private bool IsOver(SessionClaims session) => _clock.GetUtcNow() >= session.ExpiresAt;

    // Key ids name documents, so only what could have been minted gets that far.
    private static bool IsKeyId(string text) => text.Length is >= 16 and <= 128 && text.All(char.IsAsciiLetterOrDigit);
}
