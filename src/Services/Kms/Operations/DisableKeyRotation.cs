using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class DisableKeyRotation
{
    public static async ValueTask<DisableKeyRotationResponse> HandleAsync(KmsContext cx, DisableKeyRotationRequest request, CancellationToken stop)
    {
        await Keys.ChangeAsync(
            cx, request.KeyId, nameof(DisableKeyRotation),
            key =>
            {
                Keys.CheckUsable(cx, key);
                return key with { RotationPeriodInDays = null, NextRotationAt = null };
            },
            stop);
        return new DisableKeyRotationResponse();
    }
}
