using Longspan.Api.Logs;
using Longspan.Services.Logs.Rules;

namespace Longspan.Services.Logs.Operations;

internal static class PutRetentionPolicy
{
    public static async ValueTask<PutRetentionPolicyResponse> HandleAsync(LogsContext cx, PutRetentionPolicyRequest request, CancellationToken stop)
    {
        var days = Retention.Require(request.RetentionInDays);
        await cx.ChangeGroupAsync(() => cx.RequireGroupAsync(request.LogGroupName, stop), group => group.WithRetention(days), stop);
        return new PutRetentionPolicyResponse();
    }
}
