using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;
using System.Security.Cryptography;

namespace Longspan.Services.Kms.Operations;

internal static class Decrypt
{
    public static async ValueTask<DecryptResponse> HandleAsync(KmsContext cx, DecryptRequest request, CancellationToken stop)
    {
        GrantTokens.Check(request.GrantTokens);
        Keys.CheckAlgorithm(request.EncryptionAlgorithm);
        Keys.CheckRecipient(request.Recipient);
        var opened = await Messages.OpenAsync(cx, request.CiphertextBlob, request.KeyId, request.EncryptionContext, stop);
        if (request.DryRun == true)
        {
            CryptographicOperations.ZeroMemory(opened.Plain);
            throw KmsFaults.DryRun();
        }
        return new DecryptResponse
        {
            KeyId = cx.KeyArn(opened.Key.KeyId),
            Plaintext = opened.Plain,
            EncryptionAlgorithm = Keys.DefaultSpec,
            KeyMaterialId = opened.MaterialId,
        };
    }
}
