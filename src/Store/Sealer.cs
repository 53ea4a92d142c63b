using System.Security.Cryptography;
using System.Text;
using Longspan.Store.Documents;

namespace Longspan.Store;

/// <summary>
/// Seals bodies of secret kinds with AES-256-GCM under the data folder's key, which lives outside every database: a copied or
/// leaked database file alone tells no secret. The document's address is authenticated with the body, so a sealed body
/// moved to another address does not open.
/// <para>Layout: format (1), key id (4), nonce (12), ciphertext, tag (16).</para>
/// </summary>
public sealed class Sealer : IDisposable
{
    public const int KeyBytes = 32;
    private const byte Format = 1;
    private const int KeyIdBytes = 4;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeadBytes = 1 + KeyIdBytes + NonceBytes;

    private readonly byte[] key;
    private readonly byte[] keyId;

    public Sealer(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyBytes)
        {
            throw new ArgumentException($"A sealing key has {KeyBytes} bytes, not {key.Length}.", nameof(key));
        }
        this.key = key.ToArray();
        keyId = SHA256.HashData(key)[..KeyIdBytes];
    }

    /// <summary>A sealer with a fresh random key that nobody keeps: for tests and throw-away stores.</summary>
    public static Sealer Ephemeral() => new(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>
    /// A key for a purpose outside the documents (session tokens, a service's own ciphertexts), so that this one never leaves. Equal purposes
    /// give equal keys; the text is frozen once something is sealed with it.
    /// </summary>
    public byte[] DeriveKey(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeyBytes, info: Encoding.UTF8.GetBytes(purpose));

    public byte[] Seal(DocumentKey address, ReadOnlySpan<byte> plain)
    {
        var sealedBody = new byte[HeadBytes + plain.Length + TagBytes];
        sealedBody[0] = Format;
        keyId.CopyTo(sealedBody.AsSpan(1));
        var nonce = sealedBody.AsSpan(1 + KeyIdBytes, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, plain, sealedBody.AsSpan(HeadBytes, plain.Length), sealedBody.AsSpan(HeadBytes + plain.Length), Associated(address));
        return sealedBody;
    }

    public byte[] Open(DocumentKey address, ReadOnlySpan<byte> sealedBody)
    {
        if (sealedBody.Length < HeadBytes + TagBytes || sealedBody[0] != Format)
        {
            throw new SealException($"The body of {address} is not a sealed one.");
        }
        if (!sealedBody.Slice(1, KeyIdBytes).SequenceEqual(keyId))
        {
            throw new SealException($"The body of {address} was sealed with another key than this data folder's key file holds.");
        }
        var plain = new byte[sealedBody.Length - HeadBytes - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(
                sealedBody.Slice(1 + KeyIdBytes, NonceBytes), sealedBody[HeadBytes..^TagBytes], sealedBody[^TagBytes..], plain, Associated(address));
        }
        catch (AuthenticationTagMismatchException mismatch)
        {
            throw new SealException($"The body of {address} was altered or moved after it was sealed.", mismatch);
        }
        return plain;
    }

    /// <summary>Whether a body is a sealed one. Others are JSON, which starts otherwise.</summary>
    internal static bool IsSealed(ReadOnlySpan<byte> body) => body.Length >= HeadBytes + TagBytes && body[0] == Format;

    /// <summary>Whether a sealed body names this sealer's key.</summary>
    internal bool HasSealed(ReadOnlySpan<byte> sealedBody) => sealedBody.Slice(1, KeyIdBytes).SequenceEqual(keyId);

    // NUL is allowed in no part of a key, so this is unambiguous.
    private static byte[] Associated(DocumentKey address) =>
        Encoding.UTF8.GetBytes($"{address.Kind}\0{address.Scope}\0{address.Name}");

    public void Dispose() => CryptographicOperations.ZeroMemory(key);
}

/// <summary>A sealed body does not open: wrong key file, or altered bytes.</summary>
public sealed class SealException(string message, Exception? cause = null) : IOException(message, cause);
