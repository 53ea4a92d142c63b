using System.Diagnostics.CodeAnalysis;

namespace Longspan.Store.Blobs;

/// <summary>
/// The SHA-256 of a content in its registry spelling, <c>sha256:</c> and 64 lower-case hex digits. Only checked text becomes one, so it is
/// safe to build a path from.
/// </summary>
public readonly record struct BlobDigest
{
    public const string Algorithm = "sha256";
    private const string Prefix = Algorithm + ":";
    private const int HexLength = 64;

    private BlobDigest(string hex) => Hex = hex;

    public string Hex { get; }

    public static BlobDigest Of(ReadOnlySpan<byte> hash) =>
        hash.Length == HexLength / 2
            ? new BlobDigest(Convert.ToHexStringLower(hash))
            : throw new ArgumentException("A SHA-256 has 32 bytes.", nameof(hash));

    public static bool TryParse([NotNullWhen(true)] string? text, out BlobDigest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + HexLength || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }
        var hex = text[Prefix.Length..];
        foreach (var digit in hex)
        {
            if (!char.IsAsciiDigit(digit) && digit is < 'a' or > 'f')
            {
                return false;
            }
        }
        digest = new BlobDigest(hex);
        return true;
    }

    public override string ToString() => Prefix + Hex;
}
