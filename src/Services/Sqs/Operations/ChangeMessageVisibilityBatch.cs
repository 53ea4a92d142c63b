using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Operations;

internal static class ChangeMessageVisibilityBatch
{
    public static async ValueTask<ChangeMessageVisibilityBatchResult> HandleAsync(
        SqsContext cx, ChangeMessageVisibilityBatchRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        Batch.Check(request.Entries, e => e.Id);
        var failed = new List<BatchResultErrorEntry>();
        var valid = new List<ChangeMessageVisibilityBatchRequestEntry>();
        var changes = new List<VisibilityChange>();
        foreach (var entry in request.Entries!)
        {
            try
            {
                changes.Add(new VisibilityChange(cx.Handles.Require(entry.ReceiptHandle, queue), Receipts.Visibility(entry.VisibilityTimeout)));
                valid.Add(entry);
            }
            catch (AwsError error)
            {
                failed.Add(Batch.Failed(entry.Id, error));
            }
        }
        var outcomes = changes.Count == 0 ? [] : await cx.Messages.ChangeVisibilityAsync(queue.Id, changes, stop);
        var successful = new List<ChangeMessageVisibilityBatchResultEntry>();
        for (var i = 0; i < valid.Count; i++)
        {
            if (Receipts.VisibilityFault(outcomes[i], valid[i].ReceiptHandle, valid[i].VisibilityTimeout) is { } fault)
            {
                failed.Add(Batch.Failed(valid[i].Id, fault));
            }
            else
            {
                successful.Add(new ChangeMessageVisibilityBatchResultEntry { Id = valid[i].Id });
            }
        }
        return new ChangeMessageVisibilityBatchResult { Successful = Batch.Some(successful), Failed = Batch.Some(failed) };
    }
}
