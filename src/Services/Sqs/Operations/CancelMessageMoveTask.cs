using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Sqs.Operations;

internal static class CancelMessageMoveTask
{
    private const int Attempts = 5;

    public static async ValueTask<CancelMessageMoveTaskResult> HandleAsync(
        SqsContext cx, CancelMessageMoveTaskRequest request, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(request.TaskHandle))
        {
            throw SqsFaults.MissingParameter("TaskHandle");
        }
        var (id, arn) = MoveTaskRules.Open(request.TaskHandle) ?? throw SqsFaults.InvalidParameter("Value for parameter TaskHandle is invalid.");
        var source = MoveTaskRules.Queue(cx, arn, "SourceArn");
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var task = await cx.Call.Cloud.Documents.GetAsync(MoveTaskDocument.Kind, cx.Call.Scope, id, stop);
            if (task?.Value.SourceArn != source.ArnText)
            {
                throw new ResourceNotFoundException("Task does not exist.");
            }
            if (task.Value.Status != MoveTaskDocument.Running)
            {
                throw new UnsupportedOperation("Only active tasks can be cancelled.");
            }
            var commit = new Commit().Update(MoveTaskDocument.Kind, task, task.Value with { Status = MoveTaskDocument.Cancelling });
            if ((await cx.Call.Cloud.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new CancelMessageMoveTaskResult { ApproximateNumberOfMessagesMoved = task.Value.Moved };
            }
        }
        throw SqsFaults.Unavailable();
    }
}
