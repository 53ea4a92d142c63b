using Longspan.Api.Logs;

namespace Longspan.Services.Logs.Operations;

internal static class DeleteRetentionPolicy
{
    public static async ValueTask<DeleteRetentionPolicyResponse> HandleAsync(LogsContext cx, DeleteRetentionPolicyRequest request, CancellationToken stop)
    {
        await cx.ChangeGroupAsync(() => cx.RequireGroupAsync(request.LogGroupName, stop), group => group.WithRetention(null), stop);
        return new DeleteRetentionPolicyResponse();
    }
}
