using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class ListDeadLetterSourceQueues
{
    public static ValueTask<ListDeadLetterSourceQueuesResult> HandleAsync(
        SqsContext cx, ListDeadLetterSourceQueuesRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var page = Paging.Take(cx.Queues.SourcesOf(queue), q => q.Name, request.NextToken, request.MaxResults);
        return ValueTask.FromResult(new ListDeadLetterSourceQueuesResult
        {
            QueueUrls = [.. page.Items.Select(cx.UrlOf)],
            NextToken = page.NextToken,
        });
    }
}
