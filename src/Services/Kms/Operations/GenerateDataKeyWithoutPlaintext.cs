using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;
using System.Security.Cryptography;

namespace Longspan.Services.Kms.Operations;

internal static class GenerateDataKeyWithoutPlaintext
{
    public static async ValueTask<GenerateDataKeyWithoutPlaintextResponse> HandleAsync(
        KmsContext cx, GenerateDataKeyWithoutPlaintextRequest request, CancellationToken stop)
    {
        GrantTokens.Check(request.GrantTokens);
        var size = DataKeys.Size(request.KeySpec, request.NumberOfBytes);
        var key = (await Keys.RequireUsableAsync(cx, request.KeyId, stop)).Value;
        var plain = RandomNumberGenerator.GetBytes(size);
        try
        {
            var blob = await Messages.SealAsync(cx, key, plain, request.EncryptionContext, stop);
            return request.DryRun == true
                ? throw KmsFaults.DryRun()
                : new GenerateDataKeyWithoutPlaintextResponse
                {
                    CiphertextBlob = blob,
                    KeyId = cx.KeyArn(key.KeyId),
                    KeyMaterialId = key.CurrentMaterialId,
                };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }
}
