using System.Security.Cryptography;

namespace Longspan.Services.Kms.Rules;

/// <summary>
/// The format of what Encrypt answers. Each message has a key of its own, derived from the key's material with a random salt, so that the number
/// of messages under one material has no bound that anybody must count. Everything before the ciphertext and the encryption
/// context are authenticated with it.
/// <para>Layout: version (1), key id (16), material id (32), salt (16), nonce (12), ciphertext, tag (16). Frozen.</para>
/// </summary>
internal static class Ciphertext
{
    public const int MaterialBytes = 32;
    public const int MaximumPlaintext = 4096;
    /// <summary>AWS's bound on what Decrypt takes.</summary>
    public const int MaximumBytes = 6144;

    private const byte Version = 1;
    private const int KeyIdBytes = 16;
    private const int MaterialIdBytes = 32;
    private const int SaltBytes = 16;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int SaltAt = 1 + KeyIdBytes + MaterialIdBytes;
    private const int NonceAt = SaltAt + SaltBytes;
    private const int HeadBytes = NonceAt + NonceBytes;

    /// <param name="context">In its canonical form.</param>
    public static byte[] Seal(ReadOnlySpan<byte> material, CiphertextOrigin origin, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context)
    {
        var blob = new byte[HeadBytes + plain.Length + TagBytes];
        blob[0] = Version;
        Guid.Parse(origin.KeyId).TryWriteBytes(blob.AsSpan(1), bigEndian: true, out _);
        Convert.FromHexString(origin.MaterialId).CopyTo(blob.AsSpan(1 + KeyIdBytes));
        RandomNumberGenerator.Fill(blob.AsSpan(SaltAt, SaltBytes + NonceBytes));
        Span<byte> key = stackalloc byte[MaterialBytes];
        Derive(material, blob, key);
        using var cipher = new AesGcm(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        cipher.Encrypt(
            blob.AsSpan(NonceAt, NonceBytes), plain, blob.AsSpan(HeadBytes, plain.Length), blob.AsSpan(HeadBytes + plain.Length), Associated(blob, context));
        return blob;
    }

    /// <summary>The key and material that a blob names; null when it is not one of ours.</summary>
    public static CiphertextOrigin? TryReadOrigin(ReadOnlySpan<byte> blob) => blob.Length < HeadBytes + TagBytes || blob[0] != Version
        ? null
        : new CiphertextOrigin(
            new Guid(blob.Slice(1, KeyIdBytes), bigEndian: true).ToString(),
            Convert.ToHexStringLower(blob.Slice(1 + KeyIdBytes, MaterialIdBytes)));

    /// <summary>Null when the blob was changed, or was sealed with another material or context.</summary>
    public static byte[]? TryOpen(ReadOnlySpan<byte> material, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> context)
    {
        Span<byte> key = stackalloc byte[MaterialBytes];
        Derive(material, blob, key);
        using var cipher = new AesGcm(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        var plain = new byte[blob.Length - HeadBytes - TagBytes];
        try
        {
            cipher.Decrypt(blob.Slice(NonceAt, NonceBytes), blob[HeadBytes..^TagBytes], blob[^TagBytes..], plain, Associated(blob, context));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static void Derive(ReadOnlySpan<byte> material, ReadOnlySpan<byte> blob, Span<byte> key) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, material, key, blob.Slice(SaltAt, SaltBytes), "longspan/kms-message/1"u8);

    private static byte[] Associated(ReadOnlySpan<byte> blob, ReadOnlySpan<byte> context) => [.. blob[..HeadBytes], .. context];
}

/// <summary>Which material of which key sealed a message.</summary>
internal sealed record CiphertextOrigin(string KeyId, string MaterialId);
