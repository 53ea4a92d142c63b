using Longspan.Api.Logs;
using Longspan.Services.Logs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Logs.Operations;

internal static class DeleteLogGroup
{
    public static async ValueTask<DeleteLogGroupResponse> HandleAsync(LogsContext cx, DeleteLogGroupRequest request, CancellationToken stop)
    {
        RemovalDocument removal = null!;
        await cx.CommitAsync(
            async () =>
            {
                var group = await cx.RequireGroupAsync(request.LogGroupName, stop);
                if (group.Value.DeletionProtected)
                {
                    throw new ValidationException("Cannot delete log group with deletion protection enabled. Disable deletion protection first.");
                }
                removal = new RemovalDocument(group.Value.Id, StreamKey: null);
                return new Commit().Delete(group).Put(LogsKinds.Removal, cx.Scope, removal.DocumentName, removal);
            },
            stop);
        await Removals.FinishAsync(cx.Documents, cx.Records, cx.Scope, removal, stop);
        return new DeleteLogGroupResponse();
    }
}
