using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Longspan.Wire.Signing;

/// <summary>Keys to sign with. The token belongs to temporary keys.</summary>
public sealed record AwsCredentials(string AccessKeyId, string SecretAccessKey, string? SessionToken = null)
{
    public override string ToString() => $"AwsCredentials {AccessKeyId}";
}

/// <summary>Signs requests of our own clients: the node agent, the command line, tests.</summary>
public static class SigV4Signer
{
    // Headers that a client library or a proxy may change after signing.
    private static readonly HashSet<string> Unsigned = new(StringComparer.OrdinalIgnoreCase)
    {
        "authorization", "connection", "expect", "user-agent", "transfer-encoding", "x-amzn-trace-id", "traceparent", "tracestate",
        "upgrade", "sec-websocket-key", "sec-websocket-version", "accept-encoding", "content-length",
    };

    private static readonly DerivedKeys Keys = new();

    /// <summary>Adds the date, the token and the Authorization header to a request whose body is <paramref name="body"/>.</summary>
    public static void Sign(
        HttpRequestMessage request, ReadOnlySpan<byte> body, AwsCredentials credentials, string region, string service, DateTimeOffset now)
    {
        var headers = request.Headers.Concat(request.Content?.Headers.AsEnumerable() ?? [])
            .Select(h => KeyValuePair.Create(h.Key, string.Join(',', h.Value)));
        foreach (var (name, value) in SignHeaders(request.Method.Method, request.RequestUri!, headers, body, credentials, region, service, now))
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>The headers to add to a request: <c>X-Amz-Date</c>, <c>X-Amz-Security-Token</c> for temporary keys, <c>Authorization</c>.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> SignHeaders(
        string method, Uri uri, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> body, AwsCredentials credentials,
        string region, string service, DateTimeOffset now)
    {
        var timestamp = now.UtcDateTime.ToString(SignatureFields.DateFormat, CultureInfo.InvariantCulture);
        var added = new List<KeyValuePair<string, string>>(3) { new("X-Amz-Date", timestamp) };
        if (credentials.SessionToken is { } token)
        {
            added.Add(new("X-Amz-Security-Token", token));
        }
        var all = new HeaderDictionary { ["host"] = uri.Authority };
        foreach (var (name, value) in headers.Where(h => !Unsigned.Contains(h.Key)).Concat(added))
        {
            all[name] = value;
        }
        var payloadHash = all["x-amz-content-sha256"].ToString();
        if (payloadHash.Length == 0)
        {
            payloadHash = Convert.ToHexStringLower(SHA256.HashData(body));
            if (service == "s3")
            {
                all["x-amz-content-sha256"] = payloadHash;
                added.Insert(0, new("x-amz-content-sha256", payloadHash));
            }
        }
        var signed = all.Keys.Select(k => k.ToLowerInvariant()).Order(StringComparer.Ordinal).ToArray();
        var signature = Signature(
            method, uri.AbsolutePath, uri.Query.TrimStart('?'), all, signed, payloadHash, timestamp, credentials, region, service);
        added.Add(new("Authorization",
            $"{SignatureFields.Algorithm} Credential={credentials.AccessKeyId}/{timestamp[..8]}/{region}/{service}/aws4_request, "
            + $"SignedHeaders={string.Join(';', signed)}, Signature={signature}"));
        return added;
    }

    /// <summary>A URL that carries its own signature for up to seven days.</summary>
    public static Uri Presign(
        string method, Uri uri, AwsCredentials credentials, string region, string service, DateTimeOffset now, TimeSpan expires)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(expires, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(expires, TimeSpan.FromDays(7));
        var timestamp = now.UtcDateTime.ToString(SignatureFields.DateFormat, CultureInfo.InvariantCulture);
        var query = new StringBuilder(uri.Query.TrimStart('?'));
        void Add(string name, string value) =>
            query.Append(query.Length == 0 ? "" : "&").Append(name).Append('=').Append(Text.PercentEncode(value));
        Add("X-Amz-Algorithm", SignatureFields.Algorithm);
        Add("X-Amz-Credential", $"{credentials.AccessKeyId}/{timestamp[..8]}/{region}/{service}/aws4_request");
        Add("X-Amz-Date", timestamp);
        Add("X-Amz-Expires", ((long)expires.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        Add("X-Amz-SignedHeaders", "host");
        if (credentials.SessionToken is { } token)
        {
            Add("X-Amz-Security-Token", token);
        }
        var headers = new HeaderDictionary { ["host"] = uri.Authority };
        var payloadHash = service == "s3" ? CanonicalRequest.UnsignedPayload : Convert.ToHexStringLower(SHA256.HashData([]));
        var signature = Signature(
            method, uri.AbsolutePath, query.ToString(), headers, ["host"], payloadHash, timestamp, credentials, region, service);
        return new UriBuilder(uri) { Query = query.Append("&X-Amz-Signature=").Append(signature).ToString() }.Uri;
    }

    /// <summary>A websocket frame with its header block, as <see cref="SigV4.VerifyFrameAsync"/> reads it.</summary>
    public static byte[] SignFrame(
        Uri socket, ReadOnlySpan<byte> payload, AwsCredentials credentials, string region, string service, DateTimeOffset now)
    {
        using var frame = new PooledBuffer(payload.Length + 512);
        foreach (var (name, value) in SignHeaders("GET", socket, [], payload, credentials, region, service, now).Reverse())
        {
            frame.Append($"{name}: {value}\r\n");
        }
        frame.Append($"Host: {socket.Authority}\r\n\r\n");
        frame.Append(payload);
        return frame.WrittenSpan.ToArray();
    }

    private static string Signature(
        string method, string path, string query, HeaderDictionary headers, string[] signed, string payloadHash, string timestamp,
        AwsCredentials credentials, string region, string service)
    {
        Span<byte> digest = stackalloc byte[32];
        CanonicalRequest.Hash(method, path, query, headers, signed, payloadHash, service == "s3", digest);
        using var text = new PooledBuffer(256);
        StringToSign.Write(text, timestamp, timestamp[..8], region, service, digest);
        Span<char> signature = stackalloc char[64];
        StringToSign.Sign(KeyOf(credentials, timestamp[..8], region, service), text.WrittenSpan, signature);
        return signature.ToString();
    }

    private static byte[] KeyOf(AwsCredentials credentials, string date, string region, string service)
    {
        var key = Keys.Get(credentials.AccessKeyId, credentials.SecretAccessKey, date, region, service, out var isNew);
        if (isNew)
        {
            Keys.Remember(credentials.AccessKeyId, credentials.SecretAccessKey, date, region, service, key);
        }
        return key;
    }
}
