using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class DisableKey
{
    public static async ValueTask<DisableKeyResponse> HandleAsync(KmsContext cx, DisableKeyRequest request, CancellationToken stop)
    {
        await Keys.ChangeAsync(cx, request.KeyId, nameof(DisableKey), key => EnableKey.Switch(cx, key, enabled: false), stop);
        return new DisableKeyResponse();
    }
}
