using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>What the agent signs with. The token belongs to a role session.</summary>
internal sealed record SigningKeys(string Id, string Secret, string? Token = null);

/// <summary>Signature Version 4 as the Amazon agent makes it; written from the protocol's description, sharing no code with the server's own.</summary>
internal static class SpecSigner
{
    public static string Timestamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    public static string Uuid() => new Guid(RandomNumberGenerator.GetBytes(16)).ToString();

    /// <summary>The value of the Authorization header.</summary>
    /// <param name="query">As sent, in order and form-encoded; spaces as plus are signed as %20.</param>
    /// <param name="headers">Lower-case names.</param>
    public static string Sign(
        string method, string path, string query, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> payload, SigningKeys keys,
        string region, string service, string timestamp)
    {
        var sorted = headers.OrderBy(h => h.Key, StringComparer.Ordinal).ToArray();
        var names = string.Join(';', sorted.Select(h => h.Key));
        var canonical = new StringBuilder()
            .Append(method).Append('\n').Append(path).Append('\n').Append(query.Replace("+", "%20", StringComparison.Ordinal)).Append('\n');
        foreach (var (name, value) in sorted)
        {
            canonical.Append(name).Append(':').Append(value.Trim()).Append('\n');
        }
        canonical.Append('\n').Append(names).Append('\n').Append(Convert.ToHexStringLower(SHA256.HashData(payload)));
        var day = timestamp[..8];
        var scope = $"{day}/{region}/{service}/aws4_request";
        var toSign = $"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + keys.Secret);
        foreach (var part in new[] { day, region, service, "aws4_request" })
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        return $"AWS4-HMAC-SHA256 Credential={keys.Id}/{scope}, SignedHeaders={names}, Signature={signature}";
    }

    /// <summary>Form encoding with keys in alphabetical order, as the agent's URL library writes a query.</summary>
    public static string Query(params (string Key, string Value)[] members) => string.Join('&', members
        .OrderBy(m => m.Key, StringComparer.Ordinal)
        .Select(m => $"{m.Key}={Uri.EscapeDataString(m.Value).Replace("%20", "+", StringComparison.Ordinal)}"));
}
