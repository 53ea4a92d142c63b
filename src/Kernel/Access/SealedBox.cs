using System.Security.Cryptography;
using System.Text;
using Longspan.Store;

namespace Longspan.Kernel.Access;

/// <summary>
/// Authenticated encryption (AES-256-GCM) under a key derived from the data folder's key for one purpose. A box opens only what a box of
/// the same purpose sealed, with the same associated text. Layout: version byte, nonce, ciphertext, tag.
/// </summary>
public sealed class SealedBox
{
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int Overhead = 1 + NonceSize + TagSize;

    private readonly byte[] _key;

    /// <param name="purpose">Frozen once data exists: it is part of the derivation.</param>
    public SealedBox(Sealer sealer, string purpose) => _key = sealer.DeriveKey(purpose);

    public byte[] Seal(ReadOnlySpan<byte> plain, string associated)
    {
        var box = new byte[plain.Length + Overhead];
        box[0] = Version;
        var nonce = box.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_key, TagSize);
        cipher.Encrypt(nonce, plain, box.AsSpan(1 + NonceSize, plain.Length), box.AsSpan(box.Length - TagSize),
            Encoding.UTF8.GetBytes(associated));
        return box;
    }

    /// <summary>Null when the bytes were not sealed by this box with this associated text, or were changed since.</summary>
    public byte[]? TryOpen(ReadOnlySpan<byte> box, string associated)
    {
        if (box.Length < Overhead || box[0] != Version)
        {
            return null;
        }
        var plain = new byte[box.Length - Overhead];
        using var cipher = new AesGcm(_key, TagSize);
        try
        {
            cipher.Decrypt(box.Slice(1, NonceSize), box.Slice(1 + NonceSize, plain.Length), box[^TagSize..], plain,
                Encoding.UTF8.GetBytes(associated));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
