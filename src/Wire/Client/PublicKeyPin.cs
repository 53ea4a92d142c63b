using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Longspan.Wire.Client;

/// <summary>
/// The SHA-256 hash of a certificate's public key (its SubjectPublicKeyInfo), written <c>sha256:HEX</c>. It names a key, not a certificate: one that
/// is renewed with the same key has the same pin.
/// </summary>
public sealed record PublicKeyPin
{
    private const string Prefix = "sha256:";
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    private PublicKeyPin(string text) => Text = text;

    public string Text { get; }

    public static PublicKeyPin Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new PublicKeyPin(Prefix + Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())));
    }

    /// <summary>Null when the text is not a pin.</summary>
    public static PublicKeyPin? Parse(string? text) =>
        text is not null && text.Length == Prefix.Length + (2 * SHA256.HashSizeInBytes) && text.StartsWith(Prefix, StringComparison.Ordinal)
        && text.AsSpan(Prefix.Length).IndexOfAnyExcept(s_digits) < 0
            ? new PublicKeyPin(text)
            : null;

    public override string ToString() => Text;
}
