using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Operations;

internal static class ChangeMessageVisibility
{
    public static async ValueTask<ChangeMessageVisibilityResponse> HandleAsync(SqsContext cx, ChangeMessageVisibilityRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var receipt = cx.Handles.Require(request.ReceiptHandle, queue);
        var change = new VisibilityChange(receipt, Receipts.Visibility(request.VisibilityTimeout));
        var outcome = await cx.Messages.ChangeVisibilityAsync(queue.Id, [change], stop);
        return Receipts.VisibilityFault(outcome[0], request.ReceiptHandle, request.VisibilityTimeout) is { } fault
            ? throw fault : new ChangeMessageVisibilityResponse();
    }
}
