using Longspan.Api.Logs;
using Longspan.Services.Logs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Logs.Operations;

internal static class DeleteLogStream
{
    public static async ValueTask<DeleteLogStreamResponse> HandleAsync(LogsContext cx, DeleteLogStreamRequest request, CancellationToken stop)
    {
        RemovalDocument removal = null!;
        await cx.CommitAsync(
            async () =>
            {
                var group = await cx.RequireGroupAsync(request.LogGroupName, stop);
                var stream = await cx.RequireStreamAsync(group.Value, request.LogStreamName, stop);
                removal = new RemovalDocument(group.Value.Id, stream.Value.Key);
                return new Commit().Delete(stream).Put(LogsKinds.Removal, cx.Scope, removal.DocumentName, removal);
            },
            stop);
        await Removals.FinishAsync(cx.Documents, cx.Records, cx.Scope, removal, stop);
        return new DeleteLogStreamResponse();
    }
}
