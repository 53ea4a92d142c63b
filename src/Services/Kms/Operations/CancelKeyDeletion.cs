using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class CancelKeyDeletion
{
    /// <summary>The key comes back disabled: whoever wanted it gone should not find it in use.</summary>
    public static async ValueTask<CancelKeyDeletionResponse> HandleAsync(KmsContext cx, CancelKeyDeletionRequest request, CancellationToken stop)
    {
        var key = await Keys.ChangeAsync(cx, request.KeyId, nameof(CancelKeyDeletion), key => Cancel(cx, key), stop);
        return new CancelKeyDeletionResponse { KeyId = cx.KeyArn(key.KeyId) };
    }

    private static KeyDocument Cancel(KmsContext cx, KeyDocument key) => key.DeletionAt is null
        ? throw new KMSInvalidStateException($"{cx.KeyArn(key.KeyId)} is not pending deletion.")
        : key with { DeletionAt = null, IsEnabled = false };
}
