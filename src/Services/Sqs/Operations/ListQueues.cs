using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class ListQueues
{
    public static ValueTask<ListQueuesResult> HandleAsync(SqsContext cx, ListQueuesRequest request, CancellationToken stop)
    {
        var prefix = request.QueueNamePrefix ?? "";
        var page = Paging.Take(
            cx.Queues.List(cx.Call.Scope).Where(q => q.Name.StartsWith(prefix, StringComparison.Ordinal)), q => q.Name, request.NextToken, request.MaxResults);
        return ValueTask.FromResult(new ListQueuesResult
        {
            QueueUrls = page.Items.Count == 0 ? null : [.. page.Items.Select(cx.UrlOf)],
            NextToken = page.NextToken,
        });
    }
}
