using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class RemovePermission
{
    public static async ValueTask<RemovePermissionResponse> HandleAsync(SqsContext cx, RemovePermissionRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        await cx.Queues.UpdateAsync(
            cx.Call,
            queue,
            document =>
            {
                var policy = QueuePolicy.Remove(document.Attributes.GetValueOrDefault(QueueAttributes.Policy), request.Label);
                return document.WithAttributes(
                    QueueAttributes.Merge(document.Attributes, new Dictionary<string, string> { [QueueAttributes.Policy] = policy }, queue.Fifo), cx.Call.Now);
            },
            stop);
        return new RemovePermissionResponse();
    }
}
