using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Longspan.Wire.Signing;

/// <summary>
/// Signing keys derived from a secret for a day, region and service: four HMACs that are the same for every request of the day.
/// The cache is dropped whole when it is full; that costs each live key one derivation.
/// </summary>
internal sealed class DerivedKeys
{
    private readonly ConcurrentDictionary<(string AccessKeyId, string Date, string Region, string Service), Entry> _keys = new();
    private int _count;

    public int Count => _keys.Count;

    /// <summary>The secret is kept to notice when a key id came back with another one.</summary>
    private sealed record Entry(string Secret, byte[] Key);

    /// <summary>The key of a scope if it is remembered, else derived now.</summary>
    public byte[] Get(string accessKeyId, string secret, string date, string region, string service, out bool isNew)
    {
        isNew = !_keys.TryGetValue((accessKeyId, date, region, service), out var entry) || entry.Secret != secret;
        return isNew ? Derive(secret, date, region, service) : entry!.Key;
    }

    /// <summary>Only for a key that has verified a signature, or is our own to sign with: a scope is its sender's free choice, and strangers must not fill the cache.</summary>
    public void Remember(string accessKeyId, string secret, string date, string region, string service, byte[] key)
    {
        if (Interlocked.Increment(ref _count) > WireLimits.MaxCachedSigningKeys)
        {
            _keys.Clear();
            Interlocked.Exchange(ref _count, 1);
        }
        _keys[(accessKeyId, date, region, service)] = new Entry(secret, key);
    }

    public static byte[] Derive(string secret, string date, string region, string service)
    {
        Span<byte> key = stackalloc byte[32];
        HMACSHA256.HashData(Text.Utf8.GetBytes("AWS4" + secret), Text.Utf8.GetBytes(date), key);
        HMACSHA256.HashData(key, Text.Utf8.GetBytes(region), key);
        HMACSHA256.HashData(key, Text.Utf8.GetBytes(service), key);
        return HMACSHA256.HashData(key, "aws4_request"u8);
    }
}
