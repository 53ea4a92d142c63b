using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class EnableKeyRotation
{
    private const int ShortestPeriod = 90;
    private const int LongestPeriod = 2560;

    public static async ValueTask<EnableKeyRotationResponse> HandleAsync(KmsContext cx, EnableKeyRotationRequest request, CancellationToken stop)
    {
        if (request.RotationPeriodInDays is < ShortestPeriod or > LongestPeriod)
        {
            throw KmsFaults.Constraint(
                "rotationPeriodInDays", request.RotationPeriodInDays, $"Member must have value between {ShortestPeriod} and {LongestPeriod}, inclusive");
        }
        await Keys.ChangeAsync(cx, request.KeyId, nameof(EnableKeyRotation), key => Enable(cx, key, request.RotationPeriodInDays), stop);
        return new EnableKeyRotationResponse();
    }

    // Asked for again without another period, the schedule stays: a repeated call must not put a rotation off.
    private static KeyDocument Enable(KmsContext cx, KeyDocument key, int? asked)
    {
        Keys.CheckUsable(cx, key);
        var days = asked ?? key.RotationPeriodInDays ?? Rotations.DefaultPeriodInDays;
        return days == key.RotationPeriodInDays ? key : key with { RotationPeriodInDays = days, NextRotationAt = cx.Now.AddDays(days) };
    }
}
