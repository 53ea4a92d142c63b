using System.Security.Cryptography;
using System.Text;

namespace Longspan.Services.Ssm.Rules;

/// <summary>The RSA keys that machines register: how they are sent, and how a signature in SigV4's form is checked with one.</summary>
internal static class MachineKeys
{
    public const string Type = "Rsa";
    private const int MinimumBits = 2048;
    private const int MaximumBits = 8192;
    /// <summary>Base64 of an 8192-bit key is about 1400 characters.</summary>
    private const int MaximumLength = 2048;

    /// <summary>Whether the text is Base64 of an RSA SubjectPublicKeyInfo of acceptable size.</summary>
    public static bool IsAcceptable(string? publicKey)
    {
        using var key = publicKey is { Length: <= MaximumLength } ? TryImport(publicKey) : null;
        return key is { KeySize: >= MinimumBits and <= MaximumBits };
    }

    /// <param name="signature">RSASSA-PSS with SHA-256 and a salt of 32 bytes, in standard Base64.</param>
    public static bool Verifies(string publicKey, string stringToSign, string signature)
    {
        var bytes = new byte[MaximumBits / 8];
        if (signature.Length > bytes.Length || !Convert.TryFromBase64String(signature, bytes, out var length))
        {
            return false;
        }
        using var key = TryImport(publicKey);
        return key is not null && key.VerifyData(
            Encoding.UTF8.GetBytes(stringToSign), bytes.AsSpan(0, length), HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }

    private static RSA? TryImport(string publicKey)
    {
        var bytes = new byte[publicKey.Length];
        if (!Convert.TryFromBase64String(publicKey, bytes, out var length))
        {
            return null;
        }
        var key = RSA.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(bytes.AsSpan(0, length), out var read);
            if (read == length)
            {
                return key;
            }
        }
        catch (CryptographicException)
        {
        }
        key.Dispose();
        return null;
    }
}
