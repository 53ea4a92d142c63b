using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;
using System.Security.Cryptography;

namespace Longspan.Services.Kms.Operations;

internal static class GenerateDataKey
{
    public static async ValueTask<GenerateDataKeyResponse> HandleAsync(KmsContext cx, GenerateDataKeyRequest request, CancellationToken stop)
    {
        GrantTokens.Check(request.GrantTokens);
        Keys.CheckRecipient(request.Recipient);
        var size = DataKeys.Size(request.KeySpec, request.NumberOfBytes);
        var key = (await Keys.RequireUsableAsync(cx, request.KeyId, stop)).Value;
        var plain = RandomNumberGenerator.GetBytes(size);
        var blob = await Messages.SealAsync(cx, key, plain, request.EncryptionContext, stop);
        return request.DryRun == true
            ? throw KmsFaults.DryRun()
            : new GenerateDataKeyResponse
            {
                CiphertextBlob = blob,
                Plaintext = plain,
                KeyId = cx.KeyArn(key.KeyId),
                KeyMaterialId = key.CurrentMaterialId,
            };
    }
}
