using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Operations;

internal static class ListQueueTags
{
    public static ValueTask<ListQueueTagsResult> HandleAsync(SqsContext cx, ListQueueTagsRequest request, CancellationToken stop)
    {
        var tags = cx.Queue(request.QueueUrl).Document.Value.Tags;
        return ValueTask.FromResult(new ListQueueTagsResult { Tags = tags.Count == 0 ? null : tags.ToDictionary(StringComparer.Ordinal) });
    }
}
