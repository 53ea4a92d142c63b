using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ScheduleKeyDeletion
{
    private const int ShortestWindow = 7;
    private const int LongestWindow = 30;

    public static async ValueTask<ScheduleKeyDeletionResponse> HandleAsync(KmsContext cx, ScheduleKeyDeletionRequest request, CancellationToken stop)
    {
        var days = request.PendingWindowInDays ?? LongestWindow;
        if (days is < ShortestWindow or > LongestWindow)
        {
            throw KmsFaults.Constraint("pendingWindowInDays", days, $"Member must have value between {ShortestWindow} and {LongestWindow}, inclusive");
        }
        var key = await Keys.ChangeAsync(cx, request.KeyId, nameof(ScheduleKeyDeletion), key => Schedule(cx, key, days), stop);
        return new ScheduleKeyDeletionResponse
        {
            KeyId = cx.KeyArn(key.KeyId),
            DeletionDate = key.DeletionAt,
            KeyState = key.State,
            PendingWindowInDays = days,
        };
    }

    private static KeyDocument Schedule(KmsContext cx, KeyDocument key, int days)
    {
        Keys.CheckNotPending(cx, key);
        return key with { DeletionAt = cx.Now.AddDays(days) };
    }
}
