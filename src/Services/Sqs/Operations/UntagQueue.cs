using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Operations;

internal static class UntagQueue
{
    public static async ValueTask<UntagQueueResponse> HandleAsync(SqsContext cx, UntagQueueRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        if (request.TagKeys is not { Count: > 0 } keys)
        {
            throw SqsFaults.MissingParameter("TagKeys");
        }
        await cx.Queues.UpdateAsync(
            cx.Call, queue, document => document.WithTags(document.Tags.Where(t => !keys.Contains(t.Key)).ToDictionary(StringComparer.Ordinal)), stop);
        return new UntagQueueResponse();
    }
}
