using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class SendMessageBatch
{
    public static async ValueTask<SendMessageBatchResult> HandleAsync(SqsContext cx, SendMessageBatchRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        Batch.Check(request.Entries, e => e.Id);
        Outgoing.CheckBatchOrder(queue, request.Entries!);
        var key = queue.Sealed ? await cx.Keys.CurrentAsync(stop) : null;
        var failed = new List<BatchResultErrorEntry>();
        var valid = new List<(SendMessageBatchRequestEntry Entry, Outgoing Outgoing)>(request.Entries!.Count);
        var size = 0L;
        foreach (var entry in request.Entries)
        {
            try
            {
                var outgoing = Outgoing.Prepare(cx, queue, key, entry);
                size += outgoing.Size;
                valid.Add((entry, outgoing));
            }
            catch (AwsError error)
            {
                size += Outgoing.SizeOf(entry);
                failed.Add(Batch.Failed(entry.Id, error));
            }
        }
        if (size > QueueAttributes.LargestMessage)
        {
            throw new BatchRequestTooLong(
                $"Batch requests cannot be longer than {QueueAttributes.LargestMessage} bytes. You have sent {size} bytes.");
        }
        var sent = valid.Count == 0 ? [] : await cx.Messages.SendAsync(queue.Id, valid.ConvertAll(v => v.Outgoing.Message), stop);
        var successful = new List<SendMessageBatchResultEntry>(valid.Count);
        for (var i = 0; i < valid.Count; i++)
        {
            var (entry, outgoing) = valid[i];
            successful.Add(new SendMessageBatchResultEntry
            {
                Id = entry.Id,
                MessageId = sent[i].Id.ToString(),
                MD5OfMessageBody = outgoing.MD5OfBody,
                MD5OfMessageAttributes = outgoing.MD5OfAttributes,
                MD5OfMessageSystemAttributes = outgoing.MD5OfSystemAttributes,
                SequenceNumber = Outgoing.SequenceNumber(queue, sent[i].Sequence),
            });
        }
        return new SendMessageBatchResult { Successful = Batch.Some(successful), Failed = Batch.Some(failed) };
    }
}
