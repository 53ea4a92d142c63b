using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Operations;

internal static class DeleteQueue
{
    public static async ValueTask<DeleteQueueResponse> HandleAsync(SqsContext cx, DeleteQueueRequest request, CancellationToken stop)
    {
        await cx.Queues.DeleteAsync(cx.Call, cx.Queue(request.QueueUrl), stop);
        return new DeleteQueueResponse();
    }
}
