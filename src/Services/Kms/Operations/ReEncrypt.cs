using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;
using System.Security.Cryptography;

namespace Longspan.Services.Kms.Operations;

internal static class ReEncrypt
{
    public static async ValueTask<ReEncryptResponse> HandleAsync(KmsContext cx, ReEncryptRequest request, CancellationToken stop)
    {
        GrantTokens.Check(request.GrantTokens);
        Keys.CheckAlgorithm(request.SourceEncryptionAlgorithm);
        Keys.CheckAlgorithm(request.DestinationEncryptionAlgorithm);
        var destination = (await Keys.RequireUsableAsync(cx, request.DestinationKeyId, stop)).Value;
        var opened = await Messages.OpenAsync(cx, request.CiphertextBlob, request.SourceKeyId, request.SourceEncryptionContext, stop);
        try
        {
            var blob = await Messages.SealAsync(cx, destination, opened.Plain, request.DestinationEncryptionContext, stop);
            return request.DryRun == true
                ? throw KmsFaults.DryRun()
                : new ReEncryptResponse
                {
                    CiphertextBlob = blob,
                    SourceKeyId = cx.KeyArn(opened.Key.KeyId),
                    KeyId = cx.KeyArn(destination.KeyId),
                    SourceEncryptionAlgorithm = Keys.DefaultSpec,
                    DestinationEncryptionAlgorithm = Keys.DefaultSpec,
                    SourceKeyMaterialId = opened.MaterialId,
                    DestinationKeyMaterialId = destination.CurrentMaterialId,
                };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(opened.Plain);
        }
    }
}
