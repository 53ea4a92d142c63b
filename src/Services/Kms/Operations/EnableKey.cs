using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class EnableKey
{
    public static async ValueTask<EnableKeyResponse> HandleAsync(KmsContext cx, EnableKeyRequest request, CancellationToken stop)
    {
        await Keys.ChangeAsync(cx, request.KeyId, nameof(EnableKey), key => Switch(cx, key, enabled: true), stop);
        return new EnableKeyResponse();
    }

    public static KeyDocument Switch(KmsContext cx, KeyDocument key, bool enabled)
    {
        Keys.CheckNotPending(cx, key);
        return key with { IsEnabled = enabled };
    }
}
