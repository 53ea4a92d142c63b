using System.Globalization;
using Longspan.Api.LongspanQueues;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Operations;

/// <summary>A page of the queue's messages in the order in which they entered it, whatever their state, without receiving them.</summary>
internal static class PeekMessages
{
    private const int Default = 10;

    public static async ValueTask<PeekMessagesResult> HandleAsync(SqsContext cx, PeekMessagesRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var maximum = request.MaxNumberOfMessages ?? Default;
        if (maximum is < 0 or > MessageBackend.MaximumBatch)
        {
            throw SqsFaults.InvalidParameter(
                "MaxNumberOfMessages", maximum, $"Must be between 0, to ask for the age only, and {MessageBackend.MaximumBatch}.");
        }
        var after = Position(request.After);
        var page = await cx.Messages.PeekAsync(queue.Id, after, Math.Max(1, maximum), stop);
        return new PeekMessagesResult
        {
            Messages = maximum == 0 ? null : [.. page.Messages.Select(m => Wanted.Everything.ToPeeked(cx, queue, m))],
            Next = maximum == 0 ? null : page.Next?.ToString(CultureInfo.InvariantCulture),
            ApproximateAgeOfOldestMessage = after == 0 && page.Messages is [var oldest, ..]
                ? Math.Max(0, cx.Call.Now.ToUnixTimeMilliseconds() - oldest.SentAt) / 1000
                : null,
        };
    }

    private static long Position(string? text) =>
        string.IsNullOrEmpty(text) ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position
        : throw SqsFaults.InvalidParameter("After", text, "It is not the Next of an earlier answer.");
}
