using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class DeleteMessage
{
    public static async ValueTask<DeleteMessageResponse> HandleAsync(SqsContext cx, DeleteMessageRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var outcome = await cx.Messages.DeleteAsync(queue.Id, [cx.Handles.Require(request.ReceiptHandle, queue)], stop);
        return Receipts.DeleteFault(queue, outcome[0], request.ReceiptHandle) is { } fault ? throw fault : new DeleteMessageResponse();
    }
}
