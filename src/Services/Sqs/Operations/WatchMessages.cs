using System.Globalization;
using Longspan.Api.LongspanQueues;
using Longspan.Api.Sqs;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Operations;

/// <summary>The messages that have entered the queue since an earlier call, also those that were deleted meanwhile.</summary>
internal static class WatchMessages
{
    public static async ValueTask<WatchMessagesResult> HandleAsync(SqsContext cx, WatchMessagesRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var watched = await cx.Messages.WatchAsync(queue.Id, Position(request.After), stop)
            ?? throw new OverLimit("Too many queues are being watched; stop one of the other watchers, or wait half a minute.");
        return new WatchMessagesResult
        {
            Messages = [.. watched.Messages.Select(m => Wanted.Everything.ToPeeked(cx, queue, m))],
            After = string.Create(CultureInfo.InvariantCulture, $"{watched.Position.Epoch}-{watched.Position.Count}"),
            Missed = watched.Missed,
            Interrupted = watched.Interrupted,
        };
    }

    private static WatchPosition? Position(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        return text.Split('-') is [var first, var second]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            && long.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new WatchPosition(epoch, count)
            : throw SqsFaults.InvalidParameter("After", text, "It is not the After of an earlier answer.");
    }
}
