using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class RotateKeyOnDemand
{
    public static async ValueTask<RotateKeyOnDemandResponse> HandleAsync(KmsContext cx, RotateKeyOnDemandRequest request, CancellationToken stop)
    {
        var keyId = KeyReference.ReadKeyId(cx.Call, request.KeyId);
        await cx.CommitAsync(
            async () =>
            {
                var key = await Keys.RequireByIdAsync(cx, keyId, stop);
                Keys.CheckCustomerManaged(cx, key.Value, nameof(RotateKeyOnDemand));
                Keys.CheckUsable(cx, key.Value);
                if (key.Value.Materials.Count(material => material.Rotation == Rotations.OnDemand) >= Rotations.MaximumOnDemand)
                {
                    throw new LimitExceededException($"The on-demand rotations limit of {Rotations.MaximumOnDemand} has been reached for this key.");
                }
                return Rotations.Rotate(key, Rotations.OnDemand, cx.Now);
            },
            stop);
        return new RotateKeyOnDemandResponse { KeyId = keyId };
    }
}
