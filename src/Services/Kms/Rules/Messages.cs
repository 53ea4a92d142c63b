using System.Security.Cryptography;
using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>Encrypting and decrypting with the materials of keys.</summary>
internal static class Messages
{
    public static async ValueTask<byte[]> SealAsync(
        KmsContext cx, KeyDocument key, ReadOnlyMemory<byte> plain, IReadOnlyDictionary<string, string>? context, CancellationToken stop)
    {
        var canonical = EncryptionContexts.Canonical(context);
        var material = await MaterialAsync(cx, key.KeyId, key.CurrentMaterialId, stop) ?? throw KmsFaults.NoSuchKey(cx.KeyArn(key.KeyId));
        try
        {
            return Ciphertext.Seal(material.Secret, new CiphertextOrigin(key.KeyId, material.MaterialId), plain.Span, canonical);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(material.Secret);
        }
    }

    /// <summary>Opens what <see cref="SealAsync"/> made, with the key that the blob names.</summary>
    /// <param name="keyId">The key that the caller expects, or null.</param>
    public static async ValueTask<OpenedMessage> OpenAsync(
        KmsContext cx, ReadOnlyMemory<byte>? blob, string? keyId, IReadOnlyDictionary<string, string>? context, CancellationToken stop)
    {
        var canonical = EncryptionContexts.Canonical(context);
        var sealedBytes = CheckBlob(blob);
        // Asked before the blob is looked at: a caller who names a key that is not there learns that.
        var expected = keyId is null ? null : await Keys.RequireAsync(cx, keyId, stop);
        var origin = Ciphertext.TryReadOrigin(sealedBytes.Span) ?? throw KmsFaults.InvalidCiphertext();
        if (expected is not null && expected.Value.KeyId != origin.KeyId)
        {
            throw new IncorrectKeyException("The key ID in the request does not identify a CMK that can perform this operation.");
        }
        var key = expected ?? await Keys.FindAsync(cx, new KeyReference(origin.KeyId, null), stop) ?? throw KmsFaults.UnknownCiphertext();
        Keys.CheckUsable(cx, key.Value);
        var material = await MaterialAsync(cx, origin.KeyId, origin.MaterialId, stop) ?? throw KmsFaults.InvalidCiphertext();
        try
        {
            var plain = Ciphertext.TryOpen(material.Secret, sealedBytes.Span, canonical) ?? throw KmsFaults.InvalidCiphertext();
            return new OpenedMessage(key.Value, material.MaterialId, plain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(material.Secret);
        }
    }

    /// <summary>The blob of a request, when its size is one that Decrypt takes.</summary>
    public static ReadOnlyMemory<byte> CheckBlob(ReadOnlyMemory<byte>? blob) => blob is { Length: >= 1 and <= Ciphertext.MaximumBytes } bytes
        ? bytes
        : throw KmsFaults.Constraint("ciphertextBlob", $"Member must have length between 1 and {Ciphertext.MaximumBytes}, inclusive");

    private static async ValueTask<KeyMaterialDocument?> MaterialAsync(KmsContext cx, string keyId, string materialId, CancellationToken stop) =>
        (await cx.Documents.GetAsync(KmsKinds.Materials, cx.Call.Scope, KmsKinds.PartOf(keyId, materialId), stop))?.Value;
}

/// <summary>What was in a ciphertext. Its holder zeroes the plaintext as soon as it can.</summary>
internal sealed record OpenedMessage(KeyDocument Key, string MaterialId, byte[] Plain)
{
    // A record prints its members; this one must never print its plaintext.
    public override string ToString() => Key.KeyId;
}
