using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Operations;

internal static class PurgeQueue
{
    public static async ValueTask<PurgeQueueResponse> HandleAsync(SqsContext cx, PurgeQueueRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        if (!cx.Queues.TryBeginPurge(queue, cx.Call.Now))
        {
            throw new PurgeQueueInProgress($"Only one PurgeQueue operation on {queue.Name} is allowed every 60 seconds.");
        }
        await cx.Messages.PurgeAsync(queue.Id, stop);
        return new PurgeQueueResponse();
    }
}
