using System.Security.Cryptography;

namespace Longspan.Wire.Signing;

/// <summary>The second text of SigV4: algorithm, time, scope and the hash of the canonical request.</summary>
internal static class StringToSign
{
    public static void Write(PooledBuffer into, string timestamp, string date, string region, string service, ReadOnlySpan<byte> canonicalHash)
    {
        into.Append(SignatureFields.Algorithm);
        into.Append((byte)'\n');
        into.Append(timestamp);
        into.Append((byte)'\n');
        into.Append(date);
        into.Append((byte)'/');
        into.Append(region);
        into.Append((byte)'/');
        into.Append(service);
        into.Append("/aws4_request\n"u8);
        Span<char> hex = stackalloc char[64];
        Convert.TryToHexStringLower(canonicalHash, hex, out _);
        into.Append(hex);
    }

    public static void Sign(ReadOnlySpan<byte> key, ReadOnlySpan<byte> text, Span<char> signature)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, text, mac);
        Convert.TryToHexStringLower(mac, signature, out _);
    }
}
