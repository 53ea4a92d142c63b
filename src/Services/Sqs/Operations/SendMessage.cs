using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Operations;

internal static class SendMessage
{
    public static async ValueTask<SendMessageResult> HandleAsync(SqsContext cx, SendMessageRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var key = queue.Sealed ? await cx.Keys.CurrentAsync(stop) : null;
        var outgoing = Outgoing.Prepare(cx, queue, key, new SendMessageBatchRequestEntry
        {
            MessageBody = request.MessageBody,
            DelaySeconds = request.DelaySeconds,
            MessageAttributes = request.MessageAttributes,
            MessageSystemAttributes = request.MessageSystemAttributes,
            MessageDeduplicationId = request.MessageDeduplicationId,
            MessageGroupId = request.MessageGroupId,
        });
        var sent = (await cx.Messages.SendAsync(queue.Id, [outgoing.Message], stop))[0];
        return new SendMessageResult
        {
            MessageId = sent.Id.ToString(),
            MD5OfMessageBody = outgoing.MD5OfBody,
            MD5OfMessageAttributes = outgoing.MD5OfAttributes,
            MD5OfMessageSystemAttributes = outgoing.MD5OfSystemAttributes,
            SequenceNumber = Outgoing.SequenceNumber(queue, sent.Sequence),
        };
    }
}
