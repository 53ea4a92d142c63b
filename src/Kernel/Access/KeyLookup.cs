namespace Longspan.Kernel.Access;

/// <summary>How the search for a request's access key ended.</summary>
public enum KeyStatus
{
    /// <summary>Check the signature with <see cref="KeyLookup.Secret"/>; if it holds, the caller is <see cref="KeyLookup.Caller"/>.</summary>
    Found,
    /// <summary>
    /// Accept-any mode and a key that nobody issued: there is no secret to check the signature with, and the caller is the administrator.
    /// </summary>
    AcceptedUnverified,
    /// <summary>No such key, or its user or role is gone: <c>InvalidClientTokenId</c> / <c>UnrecognizedClientException</c>.</summary>
    Unknown,
    /// <summary>The key was switched off; AWS answers as for an unknown one.</summary>
    Inactive,
    /// <summary>The session token is missing, not ours, changed, or another key's. Answered as <see cref="Unknown"/>.</summary>
    InvalidToken,
    /// <summary>
    /// The session is over: <c>ExpiredToken</c> / <c>ExpiredTokenException</c>. The secret is told too, because AWS checks the signature first
    /// and tells only its holder that the session has ended.
    /// </summary>
    Expired,
}

/// <summary>A search's result as plain data; the signature check decides what to answer in the protocol of the request.</summary>
/// <param name="Session">The session's claims when the key is a temporary one.</param>
public readonly record struct KeyLookup(KeyStatus Status, string? Secret = null, Caller? Caller = null, SessionClaims? Session = null)
{
    public override string ToString() => $"{Status} {Caller?.Arn}";
}
