using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class SetQueueAttributes
{
    public static async ValueTask<SetQueueAttributesResponse> HandleAsync(SqsContext cx, SetQueueAttributesRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        if (request.Attributes is null)
        {
            throw SqsFaults.MissingParameter("Attributes");
        }
        if (queue.Fifo && request.Attributes.TryGetValue(QueueAttributes.FifoQueue, out var fifo) && fifo != "true")
        {
            throw SqsFaults.InvalidAttribute(QueueAttributes.FifoQueue, "Modifying queue type is not supported.");
        }
        var asked = await QueuePolicy.BoundAsync(cx, request.Attributes, stop);
        await cx.Queues.UpdateAsync(
            cx.Call,
            queue,
            document =>
            {
                var attributes = QueueAttributes.Merge(document.Attributes, asked, queue.Fifo);
                if (request.Attributes.ContainsKey(QueueAttributes.RedrivePolicyName))
                {
                    RedriveRules.Check(cx, attributes, queue.Arn, queue.Fifo);
                }
                return document.WithAttributes(attributes, cx.Call.Now);
            },
            stop);
        return new SetQueueAttributesResponse();
    }
}
