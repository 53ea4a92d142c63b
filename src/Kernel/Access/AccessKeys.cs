using System.Collections.Concurrent;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>
/// Finds the secret and the caller behind an access key. Asked on every request, so results are kept in memory, but never at the price
/// of a stale answer: once a change to a key, user or role is acknowledged, no later request is served from before it. A kept
/// result is used only if nothing was committed since it was read, or if the change feed has been followed up to the log's present
/// revision and told of no change to access documents since. Otherwise the documents are read again.
/// </summary>
public sealed class AccessKeys : IAsyncDisposable
{
    /// <summary>More kept results than this and the memory starts over; expired sessions leave that way too.</summary>
    public const int MaximumKept = 8192;

    private readonly DocumentLog _documents;
    private readonly SessionTokens _tokens;
    private readonly TimeProvider _clock;
    private readonly string _accountId;
    private readonly bool _acceptAny;
    private readonly ConcurrentDictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _following;
    private long _followedTo;
    private long _lastChange;

    /// <param name="acceptAny">Unknown keys act as the account's administrator. Loopback test servers only.</param>
    public AccessKeys(DocumentLog documents, SessionTokens tokens, TimeProvider clock, string accountId, bool acceptAny = false)
    {
        (_documents, _tokens, _clock, _accountId, _acceptAny) = (documents, tokens, clock, accountId, acceptAny);
        _followedTo = _lastChange = documents.Revision;
        _following = Task.Run(FollowAsync);
    }

    private sealed record Kept(KeyLookup Lookup, long ReadAt);

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

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _stop.Dispose();
    }

    private Caller Administrator(string accessKeyId) => Caller.Platform(_accountId) with { AccessKeyId = accessKeyId };

    private async ValueTask<KeyLookup> FindLongLivedAsync(string accessKeyId, CancellationToken stop)
    {
        var revision = _documents.Revision;
        // Keys and tokens share one memory, and a request may put either into either place.
        if (TryKept(accessKeyId, revision, out var kept) && kept.Session is null)
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
        return Keep(accessKeyId, new KeyLookup(KeyStatus.Found, key.Value.Secret, CallerOf(user.Value, accessKeyId)), revision);
    }

    private async ValueTask<KeyLookup> FindSessionAsync(string accessKeyId, string sessionToken, CancellationToken stop)
    {
        var revision = _documents.Revision;
        if (TryKept(sessionToken, revision, out var kept) && kept.Session?.AccessKeyId == accessKeyId)
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
        return Keep(sessionToken, new KeyLookup(KeyStatus.Found, session.Secret, caller, session), revision);
    }

    private async ValueTask<Caller?> FindPrincipalAsync(SessionClaims session, CancellationToken stop)
    {
        var name = AccessKinds.NameOf(session.PrincipalName);
        if (session.RoleSessionName is null)
        {
            var user = await _documents.GetAsync(AccessKinds.Users, _accountId, name, stop);
            return user?.Value.UserId == session.PrincipalId ? CallerOf(user.Value, session.AccessKeyId) : null;
        }
        var role = await _documents.GetAsync(AccessKinds.Roles, _accountId, name, stop);
        return role?.Value.RoleId == session.PrincipalId
            ? new Caller(_accountId, AssumedRoleArn(_accountId, role.Value.RoleName, session.RoleSessionName), session.UniqueId,
                session.AccessKeyId, IsAdministrator: false)
            : null;
    }

    public static string AssumedRoleArn(string accountId, string roleName, string sessionName) =>
        $"arn:aws:sts::{accountId}:assumed-role/{roleName}/{sessionName}";

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

    private bool TryKept(string key, long revision, out KeyLookup lookup)
    {
        // Order matters: the revision was read first. Whatever was committed up to it is either followed by now, and then shows in
        // _lastChange, or makes the first two comparisons fail.
        if (_kept.TryGetValue(key, out var kept)
            && (kept.ReadAt >= revision
                || (Volatile.Read(ref _followedTo) >= revision && kept.ReadAt >= Volatile.Read(ref _lastChange))))
        {
            lookup = kept.Lookup;
            return true;
        }
        lookup = default;
        return false;
    }

    private KeyLookup Keep(string key, KeyLookup lookup, long readAt)
    {
        if (_kept.Count >= MaximumKept)
        {
            _kept.Clear();
        }
        _kept[key] = new Kept(lookup, readAt);
        return lookup;
    }

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var change in _documents.WatchAsync(Volatile.Read(ref _followedTo), _stop.Token))
            {
                if (change.Resync || change.Key.Kind.StartsWith("iam.", StringComparison.Ordinal))
                {
                    Volatile.Write(ref _lastChange, change.Revision);
                }
                Volatile.Write(ref _followedTo, change.Revision);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }
}
