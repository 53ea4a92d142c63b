using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class Encrypt
{
    public static async ValueTask<EncryptResponse> HandleAsync(KmsContext cx, EncryptRequest request, CancellationToken stop)
    {
        GrantTokens.Check(request.GrantTokens);
        if (request.Plaintext is not { Length: >= 1 and <= Ciphertext.MaximumPlaintext } plain)
        {
            throw KmsFaults.Constraint("plaintext", $"Member must have length between 1 and {Ciphertext.MaximumPlaintext}, inclusive");
        }
        Keys.CheckAlgorithm(request.EncryptionAlgorithm);
        var key = (await Keys.RequireUsableAsync(cx, request.KeyId, stop)).Value;
        var blob = await Messages.SealAsync(cx, key, plain, request.EncryptionContext, stop);
        return request.DryRun == true
            ? throw KmsFaults.DryRun()
            : new EncryptResponse { CiphertextBlob = blob, KeyId = cx.KeyArn(key.KeyId), EncryptionAlgorithm = Keys.DefaultSpec };
    }
}
