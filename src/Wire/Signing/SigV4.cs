using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Shapes;
using Microsoft.AspNetCore.Http;

namespace Longspan.Wire.Signing;

/// <summary>
/// Checks AWS Signature Version 4 in its three places: the Authorization header, the query string of a presigned URL, and the header
/// block of a websocket frame. Every byte that decides what a request does is covered: method, path, query, signed headers (host
/// and target always) and body.
/// </summary>
public sealed class SigV4(SigningKeyLookUp lookUp, TimeProvider clock)
{
    private static readonly TimeSpan ClockWindow = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan S3ClockWindow = TimeSpan.FromMinutes(15);

    private readonly DerivedKeys _keys = new();

    /// <summary>Signing keys that are remembered now.</summary>
    internal int CachedKeys => _keys.Count;

    /// <summary>Whether the request claims any signature at all. Few operations are open to requests without one.</summary>
    public static bool IsSigned(WireRequest request) => SignatureFields.HasHeader(request) || SignatureFields.HasQuery(request);

    /// <param name="service">The signing name that the scope must have; null accepts any.</param>
    /// <param name="protocol">The protocol whose error names are used.</param>
    public async ValueTask<SignatureVerdict> VerifyAsync(
        WireRequest request, AwsProtocol protocol, string? service, CancellationToken stop)
    {
        var errors = new SignatureErrors(protocol, service == "s3");
        if (!IsSigned(request))
        {
            return Refuse(SignatureFault.Missing, errors.Missing());
        }
        var (fields, problem) = SignatureFields.Read(request);
        if (fields is null)
        {
            return Refuse(SignatureFault.Incomplete, errors.Incomplete(problem!));
        }
        if (CheckScope(fields, service, errors) is { } misplaced)
        {
            return misplaced;
        }
        var key = await lookUp(fields.AccessKeyId, fields.SessionToken, stop);
        if (key is null)
        {
            return Refuse(SignatureFault.UnknownKey, errors.UnknownKey());
        }
        if (key.AnySignature)
        {
            return Accept(fields, key);
        }
        if (!SameToken(key.SessionToken, fields.SessionToken))
        {
            return Refuse(SignatureFault.WrongToken, errors.WrongToken());
        }
        var now = clock.GetUtcNow();
        if ((CheckClock(fields, now, errors) ?? CheckSignature(request, fields, key, errors)) is { } refusal)
        {
            return refusal;
        }
        return key.Expiration <= now ? Refuse(SignatureFault.ExpiredToken, errors.ExpiredToken()) : Accept(fields, key);
    }

    /// <summary>
    /// Checks a websocket frame that carries its own signature, as the telemetry frames of ECS agents do: an HTTP-like header block
    /// and the JSON payload. A frame that begins with the payload is unsigned.
    /// </summary>
    /// <param name="path">Path of the websocket's URL, as sent.</param>
    /// <param name="query">Query of the websocket's URL, as sent.</param>
    public async ValueTask<FrameVerdict> VerifyFrameAsync(
        string path, string query, ReadOnlyMemory<byte> frame, string service, CancellationToken stop)
    {
        var end = frame.Span.IndexOf("\r\n\r\n"u8);
        if (frame.Span is [(byte)'{', ..] || end < 0)
        {
            return new FrameVerdict(
                Refuse(SignatureFault.Missing, new SignatureErrors(AwsProtocol.AwsJson11, isS3: false).Missing()), frame);
        }
        var headers = new HeaderDictionary();
        foreach (var line in Encoding.Latin1.GetString(frame.Span[..end]).Split("\r\n", WireLimits.MaxSignedHeaders))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                headers.Append(line[..colon], line[(colon + 1)..].Trim());
            }
        }
        var payload = frame[(end + 4)..];
        var request = new WireRequest { Method = "GET", Path = path, Query = query, Headers = headers, Body = payload };
        return new FrameVerdict(await VerifyAsync(request, AwsProtocol.AwsJson11, service, stop), payload);
    }

    /// <summary>
    /// Takes apart a request that is signed in this shape with something else than a secret, as managed machines sign with their RSA
    /// key. Everything but the signature itself is checked here: form, scope, clock, body hash. Null when it is not such a request.
    /// </summary>
    public ForeignSignature? ReadForeign(WireRequest request, AwsProtocol protocol, string service, Predicate<string> isForeignKey)
    {
        var errors = new SignatureErrors(protocol, service == "s3");
        if (!IsSigned(request) || SignatureFields.Read(request).Fields is not { } fields || !isForeignKey(fields.AccessKeyId))
        {
            return null;
        }
        using var text = new PooledBuffer(256);
        var refusal = CheckScope(fields, service, errors) ?? CheckClock(fields, clock.GetUtcNow(), errors) ?? WriteStringToSign(request, fields, errors, text);
        return refusal is null
            ? new ForeignSignature(fields.AccessKeyId, fields.Region, Encoding.UTF8.GetString(text.WrittenSpan), fields.Signature)
            : throw refusal.Error!;
    }

    private static SignatureVerdict? CheckScope(SignatureFields fields, string? service, SignatureErrors errors)
    {
        if (service is not null && fields.Service != service)
        {
            return Refuse(SignatureFault.Mismatch, errors.Mismatch($"Credential should be scoped to correct service: '{service}'. "));
        }
        // Any name is a region, but it must stay one part of an ARN and of a document's address.
        return fields.Region.Length is > 0 and <= WireLimits.MaxRegionLength && fields.Region.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? null
            : Refuse(SignatureFault.Mismatch, errors.Mismatch("Credential should be scoped to a valid region. "));
    }

    private static SignatureVerdict? CheckClock(SignatureFields fields, DateTimeOffset now, SignatureErrors errors)
    {
        var window = fields.Service == "s3" ? S3ClockWindow : ClockWindow;
        var age = now - fields.SignedAt;
        AwsError? error = null;
        if (-age > window)
        {
            error = errors.TooEarly(fields.SignedAt, now, window);
        }
        else if (fields.IsPresigned && age > fields.Expires)
        {
            error = errors.PresignedExpired(fields.SignedAt, now, fields.Expires);
        }
        else if (!fields.IsPresigned && age > window)
        {
            error = errors.TooLate(fields.SignedAt, now, window);
        }
        return error is null ? null : Refuse(SignatureFault.OutsideClockWindow, error);
    }

    private SignatureVerdict? CheckSignature(WireRequest request, SignatureFields fields, SigningKey key, SignatureErrors errors)
    {
        using var text = new PooledBuffer(256);
        return WriteStringToSign(request, fields, errors, text)
            ?? (Matches(fields, key, text.WrittenSpan) ? null : Refuse(SignatureFault.Mismatch, errors.Mismatch()));
    }

    private static SignatureVerdict? WriteStringToSign(WireRequest request, SignatureFields fields, SignatureErrors errors, PooledBuffer text)
    {
        var timestamp = fields.Timestamp;
        if (!timestamp.StartsWith(fields.Date, StringComparison.Ordinal) || fields.Date.Length != 8)
        {
            return Refuse(SignatureFault.Mismatch, errors.Mismatch(
                $"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{fields.Date}' != '{timestamp[..8]}', from '{timestamp}'."));
        }
        // Without these two a signature could be moved to another server or another operation.
        if (!fields.SignedHeaders.Contains("host"))
        {
            return Refuse(SignatureFault.Incomplete, errors.Incomplete("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
        }
        if (request.Headers.ContainsKey("x-amz-target") && !fields.SignedHeaders.Contains("x-amz-target"))
        {
            return Refuse(SignatureFault.Incomplete, errors.Incomplete("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."));
        }
        if (PayloadHash(request, fields, errors, out var payloadHash) is { } refusal)
        {
            return refusal;
        }
        Span<byte> digest = stackalloc byte[32];
        CanonicalRequest.Hash(
            request.Method, request.Path, request.Query, request.Headers, fields.SignedHeaders, payloadHash, fields.Service == "s3", digest);
        StringToSign.Write(text, timestamp, fields.Date, fields.Region, fields.Service, digest);
        return null;
    }

    /// <summary>What the canonical request ends with. A hash that the client states must be the body's.</summary>
    private static SignatureVerdict? PayloadHash(WireRequest request, SignatureFields fields, SignatureErrors errors, out string hash)
    {
        var stated = request.Headers["x-amz-content-sha256"].ToString();
        if (stated.Length == 0 && fields.IsPresigned && fields.Service == "s3")
        {
            // Presigned S3 URLs are made before the body exists.
            stated = SignatureFields.QueryValue(request.Query, "X-Amz-Content-Sha256") ?? CanonicalRequest.UnsignedPayload;
        }
        hash = stated;
        if (stated == CanonicalRequest.UnsignedPayload)
        {
            return null;
        }
        if (stated.StartsWith("STREAMING-", StringComparison.Ordinal))
        {
            return Refuse(SignatureFault.Unsupported, SignatureErrors.Unsupported(stated));
        }
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(request.Body.Span, digest);
        var computed = Convert.ToHexStringLower(digest);
        hash = computed;
        return stated.Length == 0 || stated == computed ? null : Refuse(SignatureFault.Mismatch, errors.WrongBodyHash());
    }

    private bool Matches(SignatureFields fields, SigningKey key, ReadOnlySpan<byte> stringToSign)
    {
        if (key.Secret is not { } secret || fields.Signature.Length != 64)
        {
            return false;
        }
        Span<char> expected = stackalloc char[64];
        var derived = _keys.Get(fields.AccessKeyId, secret, fields.Date, fields.Region, fields.Service, out var isNew);
        StringToSign.Sign(derived, stringToSign, expected);
        Span<byte> left = stackalloc byte[64];
        Span<byte> right = stackalloc byte[64 * 3];
        Encoding.ASCII.GetBytes(expected, left);
        var length2 = Encoding.UTF8.GetBytes(fields.Signature, right);
        var same = CryptographicOperations.FixedTimeEquals(left, right[..length2]);
        if (same && isNew)
        {
            _keys.Remember(fields.AccessKeyId, secret, fields.Date, fields.Region, fields.Service, derived);
        }
        return same;
    }

    private static bool SameToken(string? expected, string? actual)
    {
        if (expected is null || actual is null)
        {
            return string.IsNullOrEmpty(expected) && string.IsNullOrEmpty(actual);
        }
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(actual));
    }

    private static SignatureVerdict Accept(SignatureFields fields, SigningKey key) => new()
    {
        Key = key,
        AccessKeyId = fields.AccessKeyId,
        Region = fields.Region,
        Service = fields.Service,
        SignedAt = fields.SignedAt,
        IsPresigned = fields.IsPresigned,
    };

    private static SignatureVerdict Refuse(SignatureFault fault, AwsError error) => new() { Fault = fault, Error = error };
}
