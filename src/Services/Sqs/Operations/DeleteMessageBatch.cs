using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Operations;

internal static class DeleteMessageBatch
{
    public static async ValueTask<DeleteMessageBatchResult> HandleAsync(SqsContext cx, DeleteMessageBatchRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        Batch.Check(request.Entries, e => e.Id);
        var failed = new List<BatchResultErrorEntry>();
        var valid = new List<DeleteMessageBatchRequestEntry>(request.Entries!.Count);
        var receipts = new List<Receipt>(request.Entries.Count);
        foreach (var entry in request.Entries)
        {
            if (cx.Handles.TryOpen(entry.ReceiptHandle, queue.Id, out var receipt))
            {
                valid.Add(entry);
                receipts.Add(receipt);
            }
            else
            {
                failed.Add(Batch.Failed(entry.Id, SqsFaults.BadHandle(entry.ReceiptHandle ?? "")));
            }
        }
        var outcomes = receipts.Count == 0 ? [] : await cx.Messages.DeleteAsync(queue.Id, receipts, stop);
        var successful = new List<DeleteMessageBatchResultEntry>(valid.Count);
        for (var i = 0; i < valid.Count; i++)
        {
            if (Receipts.DeleteFault(queue, outcomes[i], valid[i].ReceiptHandle) is { } fault)
            {
                failed.Add(Batch.Failed(valid[i].Id, fault));
            }
            else
            {
                successful.Add(new DeleteMessageBatchResultEntry { Id = valid[i].Id });
            }
        }
        return new DeleteMessageBatchResult { Successful = Batch.Some(successful), Failed = Batch.Some(failed) };
    }
}
