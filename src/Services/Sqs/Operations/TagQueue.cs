using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class TagQueue
{
    public static async ValueTask<TagQueueResponse> HandleAsync(SqsContext cx, TagQueueRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        if (request.Tags is not { Count: > 0 })
        {
            throw SqsFaults.MissingParameter("Tags");
        }
        await cx.Queues.UpdateAsync(cx.Call, queue, document => document.WithTags(QueueTags.Merge(document.Tags, request.Tags, queue.Name)), stop);
        return new TagQueueResponse();
    }
}
