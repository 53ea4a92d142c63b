using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Kms;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>
/// Values of secure strings, encrypted with KMS in the caller's name: who may not use the key can neither write nor read them. A value that KMS takes as it is
/// becomes KMS's own ciphertext, which <c>kms decrypt</c> opens under the context <c>PARAMETER_ARN</c>; a larger one is encrypted under a data key.
/// </summary>
internal static class SecureStrings
{
    private const string Direct = "kms";
    private const string Envelope = "kms-data-key";
    private const string Service = "ssm";
    /// <summary>The most that KMS encrypts.</summary>
    private const int LargestDirect = 4096;
    private const int LengthSize = 4;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    public static async ValueTask<ParameterDocument> SealAsync(SsmContext cx, ParameterDocument parameter, CancellationToken stop)
    {
        if (parameter.Type != ParameterValues.SecureString)
        {
            return parameter;
        }
        var plain = Encoding.UTF8.GetBytes(parameter.Value);
        try
        {
            if (plain.Length <= LargestDirect)
            {
                var request = new EncryptRequest { KeyId = parameter.KeyId, Plaintext = plain, EncryptionContext = Context(cx, parameter) };
                var answer = await cx.Call.Cloud.CallAsync(KmsOperations.Encrypt, request, cx.Call, Service, stop);
                return parameter with { Value = Convert.ToBase64String(answer.CiphertextBlob!.Value.Span), Sealing = Direct };
            }
            var key = await cx.Call.Cloud.CallAsync(
                KmsOperations.GenerateDataKey,
                new GenerateDataKeyRequest { KeyId = parameter.KeyId, KeySpec = "AES_256", EncryptionContext = Context(cx, parameter) }, cx.Call, Service, stop);
            return parameter with
            {
                Value = Convert.ToBase64String(Seal(key.CiphertextBlob!.Value.Span, key.Plaintext!.Value.ToArray(), plain)),
                Sealing = Envelope,
            };
        }
        catch (AwsError refused) when (refused is NotFoundException or DisabledException or KMSInvalidStateException)
        {
            throw new InvalidKeyId(refused.Message);
        }
    }

    /// <summary>The value in clear.</summary>
    public static async ValueTask<string> OpenAsync(SsmContext cx, ParameterDocument parameter, CancellationToken stop)
    {
        if (parameter.Sealing is null)
        {
            return parameter.Value;
        }
        var box = Convert.FromBase64String(parameter.Value);
        var length = parameter.Sealing == Direct ? 0 : BinaryPrimitives.ReadInt32LittleEndian(box);
        var blob = parameter.Sealing == Direct ? box : box.AsSpan(LengthSize, length).ToArray();
        try
        {
            var answer = await cx.Call.Cloud.CallAsync(
                KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = blob, EncryptionContext = Context(cx, parameter) }, cx.Call, Service, stop);
            return Encoding.UTF8.GetString(
                parameter.Sealing == Direct ? answer.Plaintext!.Value.Span : Open(answer.Plaintext!.Value.ToArray(), box.AsSpan(LengthSize + length)));
        }
        catch (AwsError refused) when (refused is NotFoundException or DisabledException or KMSInvalidStateException)
        {
            throw new InvalidKeyId(refused.Message);
        }
    }

    // As AWS binds them, so that policies on kms:EncryptionContext:PARAMETER_ARN mean the same.
    private static Dictionary<string, string> Context(SsmContext cx, ParameterDocument parameter) =>
        new() { ["PARAMETER_ARN"] = ParameterNames.ArnOf(cx.Call, parameter.Name) };

    // The encrypted key's length, the encrypted key, nonce, ciphertext, tag.
    private static byte[] Seal(ReadOnlySpan<byte> sealedKey, byte[] key, ReadOnlySpan<byte> plain)
    {
        var box = new byte[LengthSize + sealedKey.Length + NonceSize + plain.Length + TagSize];
        BinaryPrimitives.WriteInt32LittleEndian(box, sealedKey.Length);
        sealedKey.CopyTo(box.AsSpan(LengthSize));
        var rest = box.AsSpan(LengthSize + sealedKey.Length);
        RandomNumberGenerator.Fill(rest[..NonceSize]);
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(rest[..NonceSize], plain, rest.Slice(NonceSize, plain.Length), rest[(NonceSize + plain.Length)..]);
        CryptographicOperations.ZeroMemory(key);
        return box;
    }

    private static byte[] Open(byte[] key, ReadOnlySpan<byte> box)
    {
        var plain = new byte[box.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        cipher.Decrypt(box[..NonceSize], box.Slice(NonceSize, plain.Length), box[(NonceSize + plain.Length)..], plain);
        CryptographicOperations.ZeroMemory(key);
        return plain;
    }
}
