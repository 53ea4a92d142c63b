using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Documents;

namespace Longspan.Services.Sqs.Operations;

internal static class ListMessageMoveTasks
{
    private const int Most = 10;

    public static async ValueTask<ListMessageMoveTasksResult> HandleAsync(
        SqsContext cx, ListMessageMoveTasksRequest request, CancellationToken stop)
    {
        var source = MoveTaskRules.Queue(cx, request.SourceArn, "SourceArn");
        if (request.MaxResults is < 1 or > Most)
        {
            throw SqsFaults.InvalidParameter("MaxResults", request.MaxResults, $"Must be between 1 and {Most}, if provided.");
        }
        var tasks = await cx.Call.Cloud.Documents.ListByIndexAsync(MoveTaskDocument.Kind, cx.Call.Scope, "source", source.ArnText, stop);
        return new ListMessageMoveTasksResult
        {
            Results =
            [
                .. tasks.OrderByDescending(t => t.Value.StartedAt).Take(request.MaxResults ?? 1).Select(t => new ListMessageMoveTasksResultEntry
                {
                    // Only what can be cancelled has a handle to do it with.
                    TaskHandle = t.Value.Status == MoveTaskDocument.Running ? MoveTaskRules.Handle(t.Key.Name, t.Value.SourceArn) : null,
                    Status = t.Value.Status,
                    SourceArn = t.Value.SourceArn,
                    DestinationArn = t.Value.Destination,
                    MaxNumberOfMessagesPerSecond = t.Value.MaximumPerSecond,
                    ApproximateNumberOfMessagesMoved = t.Value.Moved,
                    ApproximateNumberOfMessagesToMove = t.Value.ToMove,
                    FailureReason = t.Value.FailureReason,
                    StartedTimestamp = t.Value.StartedAt,
                }),
            ],
        };
    }
}
