using System.Security.Cryptography;
using Longspan.Api.Kms;
using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>
/// Values on their way to and from the store. Each is encrypted under a data key of its own; KMS makes that key, and opens it again, in the caller's
/// name, for exactly this version of this secret. Who may not use the secret's key can't read its values.
/// </summary>
internal static class SecretValues
{
    private const string DefaultKey = "alias/aws/secretsmanager";
    private const string Service = "secretsmanager";
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>The value of one version; null when it has none.</summary>
    public static async ValueTask<SecretValue?> ReadAsync(SecretsManagerContext cx, SecretDocument secret, string id, CancellationToken stop)
    {
        var read = await cx.Documents.GetAsync(SecretsManagerKinds.Values, SecretsManagerKinds.ScopeOfValues(cx.Scope, secret), id, stop);
        if (read?.Value is not { } sealedValue)
        {
            return null;
        }
        var request = new DecryptRequest { CiphertextBlob = sealedValue.DataKey, EncryptionContext = Context(cx, secret, id) };
        try
        {
            var answer = await cx.Call.Cloud.CallAsync(KmsOperations.Decrypt, request, cx.Call, Service, stop);
            return new SecretValue(Open(answer.Plaintext!.Value.ToArray(), sealedValue.Ciphertext), sealedValue.IsText);
        }
        catch (AwsError refused) when (!refused.IsServerFault)
        {
            throw IsDenial(refused) ? Denied() : new DecryptionFailure(
                "Secrets Manager can't decrypt the protected secret text using the provided KMS key. " + refused.Message);
        }
    }

    /// <summary>Writes a version's value with the commit, under the key that the secret has now.</summary>
    public static async ValueTask AddToAsync(
        SecretsManagerContext cx, Commit commit, SecretDocument secret, string id, SecretValue value, CancellationToken stop)
    {
        var request = new GenerateDataKeyRequest
        {
            KeyId = secret.KmsKeyId ?? DefaultKey, KeySpec = "AES_256", EncryptionContext = Context(cx, secret, id),
        };
        GenerateDataKeyResponse key;
        try
        {
            key = await cx.Call.Cloud.CallAsync(KmsOperations.GenerateDataKey, request, cx.Call, Service, stop);
        }
        catch (AwsError refused) when (!refused.IsServerFault)
        {
            throw IsDenial(refused) ? Denied() : new EncryptionFailure(
                "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in "
                + "an invalid state. " + refused.Message);
        }
        commit.Put(SecretsManagerKinds.Values, SecretsManagerKinds.ScopeOfValues(cx.Scope, secret), id, new SecretValueDocument
        {
            IsText = value.IsText, DataKey = key.CiphertextBlob!.Value.ToArray(), Ciphertext = Seal(key.Plaintext!.Value.ToArray(), value.Bytes),
        });
    }

    /// <summary>Whether the version that the secret has under this id holds this value.</summary>
    public static async ValueTask<bool> HoldsAsync(SecretsManagerContext cx, SecretDocument secret, NewValue value, CancellationToken stop) =>
        await ReadAsync(cx, secret, value.VersionId, stop) is { } held && held.IsSameAs(value.Value);

    /// <summary>Deletes the values of these versions with the commit.</summary>
    public static async ValueTask DeleteAsync(
        DocumentLog documents, Commit commit, string scope, SecretDocument secret, IEnumerable<string> ids, CancellationToken stop)
    {
        foreach (var id in ids)
        {
            if (await documents.GetAsync(SecretsManagerKinds.Values, SecretsManagerKinds.ScopeOfValues(scope, secret), id, stop) is { } value)
            {
                commit.Delete(value);
            }
        }
    }

    // As AWS binds them, so that policies on kms:EncryptionContext:SecretARN mean the same.
    private static Dictionary<string, string> Context(SecretsManagerContext cx, SecretDocument secret, string id) =>
        new() { ["SecretARN"] = cx.ArnOf(secret), ["SecretVersionId"] = id };

    private static bool IsDenial(AwsError refused) => refused.Code is "AccessDeniedException" or "AccessDenied";

    private static AwsError Denied() => new("AccessDeniedException", "Access to KMS is not allowed");

    // The key is used for this one value, and is gone afterwards.
    private static byte[] Seal(byte[] key, ReadOnlySpan<byte> plain)
    {
        var box = new byte[NonceSize + plain.Length + TagSize];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceSize));
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(box.AsSpan(0, NonceSize), plain, box.AsSpan(NonceSize, plain.Length), box.AsSpan(NonceSize + plain.Length));
        CryptographicOperations.ZeroMemory(key);
        return box;
    }

    private static byte[] Open(byte[] key, byte[] box)
    {
        var plain = new byte[box.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        cipher.Decrypt(box.AsSpan(0, NonceSize), box.AsSpan(NonceSize, plain.Length), box.AsSpan(NonceSize + plain.Length), plain);
        CryptographicOperations.ZeroMemory(key);
        return plain;
    }
}
