using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;
using System.Security.Cryptography;

namespace Longspan.Services.Kms.Operations;

internal static class GenerateRandom
{
    public static ValueTask<GenerateRandomResponse> HandleAsync(KmsContext cx, GenerateRandomRequest request, CancellationToken stop)
    {
        Keys.CheckRecipient(request.Recipient);
        if (request.CustomKeyStoreId is not null)
        {
            throw KmsFaults.Unsupported("A custom key store");
        }
        var size = request.NumberOfBytes ?? throw KmsFaults.Validation("NumberOfBytes is required.");
        return ValueTask.FromResult(new GenerateRandomResponse { Plaintext = RandomNumberGenerator.GetBytes(DataKeys.Check(size)) });
    }
}
