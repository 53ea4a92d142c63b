using Longspan.Api.Logs;
using Longspan.Services.Logs.Rules;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Operations;

internal static class GetLogEvents
{
    private const int MaximumEvents = 10_000;

    public static async ValueTask<GetLogEventsResponse> HandleAsync(LogsContext cx, GetLogEventsRequest request, CancellationToken stop)
    {
        var limit = LogsFaults.Limit(request.Limit, MaximumEvents);
        var token = ReadToken(request.NextToken);
        var (fromMs, beforeMs) = TimeRange.Read(request.StartTime, request.EndTime);
        var name = Names.RequireStream(request.LogStreamName);
        var group = (await cx.RequireGroupAsync(request.LogGroupName, request.LogGroupIdentifier, stop)).Value;
        var stream = (await cx.RequireStreamAsync(group, name, stop)).Value;
        var range = new RecordRange
        {
            FromMs = Math.Max(fromMs, group.ExpiredBeforeMs(cx.Now)),
            BeforeMs = beforeMs,
            After = token?.Position,
            Backward = token?.Backward ?? !(request.StartFromHead ?? false),
            Limit = limit,
        };
        var page = await cx.Records.ReadStreamAsync(cx.RecordsOf(group, stream), range, stop);
        // The order of a page is by time whichever way it was read.
        var events = range.Backward ? [.. page.Records.Reverse()] : page.Records;
        var (backward, forward) = events.Count > 0
            ? (EventToken.Before(events[0].Position), EventToken.After(events[^1].Position))
            : AtTheEnd(token, range.FromMs);
        return new GetLogEventsResponse
        {
            Events = [.. events.Select(one => one.ToOutput())],
            NextBackwardToken = backward.ToString(),
            NextForwardToken = forward.ToString(),
        };
    }

    // The token that led to the end is repeated, which is how clients know; the other one leads back over the event beside it.
    private static (EventToken Backward, EventToken Forward) AtTheEnd(EventToken? token, long fromMs) => token switch
    {
        { Backward: true, Position: var before } => (token.Value, EventToken.After(before with { Id = Math.Max(0, before.Id - 1) })),
        { Position: var after } => (EventToken.Before(after with { Id = after.Id == long.MaxValue ? after.Id : after.Id + 1 }), token.Value),
        null => (EventToken.Before(new RecordPosition(fromMs, 0)), EventToken.After(new RecordPosition(fromMs, 0))),
    };

    private static EventToken? ReadToken(string? text)
    {
        if (text is null)
        {
            return null;
        }
        return EventToken.TryParse(text, out var token) ? token : throw LogsFaults.BadToken();
    }
}
