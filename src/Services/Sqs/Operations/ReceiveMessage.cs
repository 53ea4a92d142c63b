using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Operations;

internal static class ReceiveMessage
{
    private const int LongestWait = 20;

    public static async ValueTask<ReceiveMessageResult> HandleAsync(SqsContext cx, ReceiveMessageRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var wanted = Wanted.From(request);
        var order = new ReceiveOrder(
            Maximum(request.MaxNumberOfMessages),
            request.VisibilityTimeout is { } seconds ? Receipts.Visibility(seconds) : TimeSpan.FromSeconds(queue.VisibilitySeconds),
            Wait(queue, request.WaitTimeSeconds))
        {
            AttemptId = AttemptId(queue, request.ReceiveRequestAttemptId),
        };
        var reception = await cx.Messages.ReceiveAsync(queue.Id, order, stop);
        if (stop.IsCancellationRequested)
        {
            // With an attempt id the caller may ask for the same messages again, so they wait for it.
            await GiveBackAsync(cx, queue, order.AttemptId is null ? reception.Messages : []);
            stop.ThrowIfCancellationRequested();
        }
        if (reception.Status == ReceptionStatus.OverLimit)
        {
            throw new OverLimit("Too many messages are in flight: receive is refused until some are deleted or become visible.");
        }
        if (reception.Messages.Count == 0)
        {
            return new ReceiveMessageResult();
        }
        return new ReceiveMessageResult { Messages = Open(cx, queue, wanted, reception.Messages) };
    }

    /// <summary>
    /// The messages in clear. One that does not open is left out and stays in flight, for its redrive policy or its retention to remove, and so is
    /// what its FIFO group has behind it: order counts for more. With nothing left the call fails rather than look like an empty queue.
    /// </summary>
    private static List<Message> Open(SqsContext cx, QueueSnapshot queue, Wanted wanted, IReadOnlyList<ReceivedMessage> received)
    {
        var messages = new List<Message>(received.Count);
        HashSet<string?>? stuck = null;
        foreach (var message in received)
        {
            if (queue.Fifo && stuck?.Contains(message.GroupId) == true)
            {
                continue;
            }
            if (cx.Keys.TryOpen(message.Payload, out var payload, out var reason))
            {
                messages.Add(wanted.ToShape(queue, message, payload, cx.Handles.Seal(queue.Id, message.Receipt)));
                continue;
            }
            cx.Keys.LogUnreadable(message.Id, queue.ArnText, reason);
            (stuck ??= []).Add(message.GroupId);
        }
        return messages.Count > 0 ? messages : throw SqsFaults.Unreadable();
    }

    /// <summary>The caller hung up while its messages came: they are visible again at once instead of after their visibility timeout.</summary>
    private static async ValueTask GiveBackAsync(SqsContext cx, QueueSnapshot queue, IReadOnlyList<ReceivedMessage> messages)
    {
        if (messages.Count > 0)
        {
            List<VisibilityChange> changes = [.. messages.Select(m => new VisibilityChange(m.Receipt, TimeSpan.Zero))];
            await cx.Messages.ChangeVisibilityAsync(queue.Id, changes, CancellationToken.None);
        }
    }

    private static string? AttemptId(QueueSnapshot queue, string? asked)
    {
        if (asked is not null && !queue.Fifo)
        {
            throw SqsFaults.InvalidParameter("ReceiveRequestAttemptId", asked, "The request include parameter that is not valid for this queue type.");
        }
        Outgoing.CheckToken("ReceiveRequestAttemptId", asked);
        return asked;
    }

    private static int Maximum(int? asked) => asked switch
    {
        null => 1,
        >= 1 and <= Batch.Most => asked.Value,
        _ => throw SqsFaults.InvalidParameter("MaxNumberOfMessages", asked, $"Must be between 1 and {Batch.Most}, if provided."),
    };

    private static TimeSpan Wait(QueueSnapshot queue, int? asked) => asked switch
    {
        null => TimeSpan.FromSeconds(queue.WaitSeconds),
        >= 0 and <= LongestWait => TimeSpan.FromSeconds(asked.Value),
        _ => throw SqsFaults.InvalidParameter("WaitTimeSeconds", asked, $"Must be >= 0 and <= {LongestWait}, if provided."),
    };
}
