using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class GetKeyRotationStatus
{
    public static async ValueTask<GetKeyRotationStatusResponse> HandleAsync(KmsContext cx, GetKeyRotationStatusRequest request, CancellationToken stop)
    {
        var key = (await Keys.RequireByIdAsync(cx, request.KeyId, stop)).Value;
        var rotates = key.RotationPeriodInDays is not null && key.DeletionAt is null;
        return new GetKeyRotationStatusResponse
        {
            KeyId = key.KeyId,
            KeyRotationEnabled = rotates,
            RotationPeriodInDays = rotates ? key.RotationPeriodInDays : null,
            NextRotationDate = rotates ? key.NextRotationAt : null,
        };
    }
}
