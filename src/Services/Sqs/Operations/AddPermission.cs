using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class AddPermission
{
    public static async ValueTask<AddPermissionResponse> HandleAsync(SqsContext cx, AddPermissionRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var statement = QueuePolicy.Statement(queue, request.Label, request.AWSAccountIds, request.Actions);
        await cx.Queues.UpdateAsync(
            cx.Call,
            queue,
            document =>
            {
                var policy = QueuePolicy.Add(document.Attributes.GetValueOrDefault(QueueAttributes.Policy), queue, request.Label!, statement);
                return document.WithAttributes(
                    QueueAttributes.Merge(document.Attributes, new Dictionary<string, string> { [QueueAttributes.Policy] = policy }, queue.Fifo), cx.Call.Now);
            },
            stop);
        return new AddPermissionResponse();
    }
}
