namespace Longspan.Wire.Signing;

/// <summary>
/// What a signature is checked against. <see cref="Owner"/> is handed through untouched, so that whoever looked the key up finds
/// the caller again in the verdict.
/// </summary>
public sealed record SigningKey
{
    public required string AccessKeyId { get; init; }
    /// <summary>The secret of an ordinary key.</summary>
    public string? Secret { get; init; }
    /// <summary>Temporary keys are valid only together with their token.</summary>
    public string? SessionToken { get; init; }
    public DateTimeOffset? Expiration { get; init; }
    /// <summary>Accepts the request whatever its signature, date and body hash are. Only for <c>--accept-any-credentials</c>.</summary>
    public bool AnySignature { get; init; }
    public object? Owner { get; init; }

    /// <summary>Secrets stay out of logs and messages.</summary>
    public override string ToString() => $"SigningKey {AccessKeyId}";
}

/// <summary>Finds the key of an access key id; null when there is none. The token is what the request brought, if anything.</summary>
public delegate ValueTask<SigningKey?> SigningKeyLookUp(string accessKeyId, string? sessionToken, CancellationToken stop);

/// <summary>What was wrong with a signature.</summary>
public enum SignatureFault
{
    None, Missing, Incomplete, UnknownKey, WrongToken, Mismatch, OutsideClockWindow, ExpiredToken, Unsupported,
}

/// <summary>The outcome of a check. Either <see cref="Key"/> is set and everything was right, or <see cref="Error"/> says what to answer.</summary>
public sealed record SignatureVerdict
{
    public SigningKey? Key { get; init; }
    public string AccessKeyId { get; init; } = "";
    public string Region { get; init; } = "";
    public string Service { get; init; } = "";
    public DateTimeOffset SignedAt { get; init; }
    public bool IsPresigned { get; init; }
    public SignatureFault Fault { get; init; }
    public Api.Shapes.AwsError? Error { get; init; }

    public bool IsVerified => Key is not null;
}

/// <summary>A request signed with a key that is not a secret: what was signed, and the signature as it came.</summary>
public sealed record ForeignSignature(string KeyId, string Region, string StringToSign, string Signature);

/// <summary>A signed websocket frame, taken apart.</summary>
public sealed record FrameVerdict(SignatureVerdict Signature, ReadOnlyMemory<byte> Payload);
