using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Longspan.Wire.Signing;

/// <summary>The text that SigV4 signs: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html</summary>
internal static class CanonicalRequest
{
    public const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    /// <summary>SHA-256 of the canonical request.</summary>
    public static void Hash(
        string method, string path, string query, IHeaderDictionary headers, string[] signedHeaders, string payloadHash, bool isS3,
        Span<byte> digest)
    {
        using var text = new PooledBuffer(1024);
        Write(text, method, path, query, headers, signedHeaders, payloadHash, isS3);
        SHA256.HashData(text.WrittenSpan, digest);
    }

    public static void Write(
        PooledBuffer into, string method, string path, string query, IHeaderDictionary headers, string[] signedHeaders,
        string payloadHash, bool isS3)
    {
        into.Append(method);
        into.Append((byte)'\n');
        WritePath(into, path, isS3);
        into.Append((byte)'\n');
        WriteQuery(into, query);
        into.Append((byte)'\n');
        foreach (var name in signedHeaders)
        {
            into.Append(name);
            into.Append((byte)':');
            WriteHeader(into, headers, name);
            into.Append((byte)'\n');
        }
        into.Append((byte)'\n');
        for (var i = 0; i < signedHeaders.Length; i++)
        {
            if (i > 0)
            {
                into.Append((byte)';');
            }
            into.Append(signedHeaders[i]);
        }
        into.Append((byte)'\n');
        into.Append(payloadHash);
    }

    /// <summary>Everyone but S3 signs the path as sent, normalised and encoded once more; S3 signs it encoded exactly once.</summary>
    private static void WritePath(PooledBuffer into, string path, bool isS3)
    {
        if (path is "" or "/")
        {
            into.Append((byte)'/');
            return;
        }
        using var bytes = new PooledBuffer(path.Length + 16);
        if (!isS3)
        {
            bytes.Append(Normalise(path));
        }
        else if (!Text.TryPercentDecode(path, plusIsSpace: false, bytes))
        {
            // No client can have signed this; any text will not match.
            bytes.Append(path);
        }
        Text.PercentEncode(into, bytes.WrittenSpan, keepSlash: true);
    }

    private static string Normalise(string path)
    {
        if (!path.Contains("//", StringComparison.Ordinal) && !path.Contains("/.", StringComparison.Ordinal))
        {
            return path;
        }
        var kept = new List<string>();
        var segments = path.Split('/');
        foreach (var segment in segments)
        {
            if (segment == "..")
            {
                if (kept.Count > 0)
                {
                    kept.RemoveAt(kept.Count - 1);
                }
            }
            else if (segment.Length > 0 && segment != ".")
            {
                kept.Add(segment);
            }
        }
        var slash = kept.Count > 0 && segments[^1] is "" or "." or ".." ? "/" : "";
        return kept.Count == 0 ? "/" : "/" + string.Join('/', kept) + slash;
    }

    private static void WriteQuery(PooledBuffer into, string query)
    {
        if (query.Length == 0)
        {
            return;
        }
        var pairs = new List<(string Name, string Value)>();
        foreach (var range in query.AsSpan().Split('&'))
        {
            var pair = query.AsSpan(range);
            if (pair.IsEmpty || pair.StartsWith("X-Amz-Signature=", StringComparison.Ordinal))
            {
                continue;
            }
            var equals = pair.IndexOf('=');
            pairs.Add((Recode(equals < 0 ? pair : pair[..equals]), equals < 0 ? "" : Recode(pair[(equals + 1)..])));
        }
        pairs.Sort(static (a, b) =>
            string.CompareOrdinal(a.Name, b.Name) is var order && order != 0 ? order : string.CompareOrdinal(a.Value, b.Value));
        for (var i = 0; i < pairs.Count; i++)
        {
            if (i > 0)
            {
                into.Append((byte)'&');
            }
            into.Append(pairs[i].Name);
            into.Append((byte)'=');
            into.Append(pairs[i].Value);
        }
    }

    /// <summary>Whatever escapes the client chose, the signature is over the canonical ones. A plus was a space.</summary>
    private static string Recode(ReadOnlySpan<char> text)
    {
        using var bytes = new PooledBuffer(text.Length + 16);
        if (!Text.TryPercentDecode(text, plusIsSpace: true, bytes))
        {
            return text.ToString();
        }
        using var encoded = new PooledBuffer(bytes.Length + 16);
        Text.PercentEncode(encoded, bytes.WrittenSpan);
        return System.Text.Encoding.ASCII.GetString(encoded.WrittenSpan);
    }

    private static void WriteHeader(PooledBuffer into, IHeaderDictionary headers, string name)
    {
        var values = headers[name];
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0)
            {
                into.Append((byte)',');
            }
            WriteCollapsed(into, values[i]);
        }
    }

    /// <summary>Trimmed, and every run of blanks as one space.</summary>
    private static void WriteCollapsed(PooledBuffer into, ReadOnlySpan<char> value)
    {
        value = value.Trim();
        if (!value.Contains("  ", StringComparison.Ordinal) && !value.Contains('\t'))
        {
            into.Append(value);
            return;
        }
        var first = true;
        foreach (var range in value.SplitAny(' ', '\t'))
        {
            var word = value[range];
            if (word.IsEmpty)
            {
                continue;
            }
            if (!first)
            {
                into.Append((byte)' ');
            }
            into.Append(word);
            first = false;
        }
    }
}
