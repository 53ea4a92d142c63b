using System.Text;
using Longspan.Api.Sqs;
using Longspan.Kernel;
using Longspan.Services.Sqs.Documents;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Sqs.Operations;

internal static class StartMessageMoveTask
{
    private const int MostPerSecond = 500;
    /// <summary>Finished tasks that are kept for each source.</summary>
    private const int Kept = 10;

    public static async ValueTask<StartMessageMoveTaskResult> HandleAsync(
        SqsContext cx, StartMessageMoveTaskRequest request, CancellationToken stop)
    {
        var source = MoveTaskRules.Queue(cx, request.SourceArn, "SourceArn");
        if (request.MaxNumberOfMessagesPerSecond is < 1 or > MostPerSecond)
        {
            throw SqsFaults.InvalidParameter(
                "MaxNumberOfMessagesPerSecond", request.MaxNumberOfMessagesPerSecond, $"Must be between 1 and {MostPerSecond}, if provided.");
        }
        if (!cx.Queues.SourcesOf(source).Any())
        {
            throw SqsFaults.InvalidParameter("Source queue must be configured as a Dead Letter Queue.");
        }
        if (request.DestinationArn is not null)
        {
            CheckDestination(source, MoveTaskRules.Queue(cx, request.DestinationArn, "DestinationArn"));
        }
        var earlier = await cx.Call.Cloud.Documents.ListByIndexAsync(MoveTaskDocument.Kind, cx.Call.Scope, "source", source.ArnText, stop);
        if (earlier.Any(t => t.Value.IsActive))
        {
            throw SqsFaults.InvalidParameter("There is already a task running. Only one active task is allowed for a source queue arn at a given time.");
        }
        var depth = await cx.Messages.DepthAsync(source.Id, stop);
        var task = new MoveTaskDocument(
            source.ArnText, request.DestinationArn, request.MaxNumberOfMessagesPerSecond, MoveTaskDocument.Running,
            cx.Call.Now.ToUnixTimeMilliseconds(), 0, depth.Visible, null);
        var id = Ids.Uuid();
        var commit = new Commit().Create(MoveTaskDocument.Kind, cx.Call.Scope, id, task);
        foreach (var old in earlier.OrderByDescending(t => t.Value.StartedAt).Skip(Kept - 1))
        {
            commit.Delete(old);
        }
        if (!(await cx.Call.Cloud.Documents.CommitAsync(commit, stop)).Committed)
        {
            throw SqsFaults.Unavailable();
        }
        cx.Moves.Start(new DocumentKey(MoveTaskDocument.Kind.Name, cx.Call.Scope, id));
        return new StartMessageMoveTaskResult { TaskHandle = MoveTaskRules.Handle(id, source.ArnText) };
    }

    private static void CheckDestination(QueueSnapshot source, QueueSnapshot destination)
    {
        if (destination.Id == source.Id)
        {
            throw SqsFaults.InvalidParameter("Source queue arn and destination queue arn cannot be the same.");
        }
        if (destination.Fifo != source.Fifo)
        {
            throw SqsFaults.InvalidParameter("Destination queue must be same type of queue as the source.");
        }
    }
}

/// <summary>What the three operations on move tasks share.</summary>
internal static class MoveTaskRules
{
    public static QueueSnapshot Queue(SqsContext cx, string? text, string parameter)
    {
        if (string.IsNullOrEmpty(text))
        {
            throw SqsFaults.MissingParameter(parameter);
        }
        if (!Arn.TryParse(text, out var arn) || arn.Service != "sqs")
        {
            throw SqsFaults.InvalidParameter("You must use this format to specify the queue ARN: arn:<partition>:<service>:<region>:<account-id>:<queue-name>");
        }
        return arn.AccountId == cx.Call.AccountId && cx.Queues.Find(arn) is { } queue
            ? queue
            : throw new ResourceNotFoundException($"The resource that you specified for the {parameter} parameter doesn't exist.");
    }

    /// <summary>A handle as AWS makes it: base 64 of a small JSON text.</summary>
    public static string Handle(string id, string sourceArn) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"taskId":"{{id}}","sourceArn":"{{sourceArn}}"}"""));

    /// <summary>The task and the source queue that a handle names; null for what is no handle.</summary>
    public static (string TaskId, string SourceArn)? Open(string handle)
    {
        var bytes = new byte[handle.Length];
        if (!Convert.TryFromBase64String(handle, bytes, out var length))
        {
            return null;
        }
        var json = PolicyJson.TryObject(Encoding.UTF8.GetString(bytes, 0, length));
        return json?["taskId"]?.ToString() is { Length: > 0 } task && json["sourceArn"]?.ToString() is { Length: > 0 } source ? (task, source) : null;
    }
}
