using System.Globalization;
using Longspan.Api.CloudTrail;
using Longspan.Kernel;
using Longspan.Kernel.Audit;
using Longspan.Services.CloudTrail.Rules;
using Longspan.Store.Records;

namespace Longspan.Services.CloudTrail.Operations;

/// <summary>The newest events first. Looks at the stored events one by one: only the source narrows what is read.</summary>
internal static class LookupEvents
{
    private const int MaximumPage = 50;
    private const int ReadAtOnce = 500;
    /// <summary>Reads of the store in one call, before it hands out a token for the rest.</summary>
    private const int MaximumReads = 40;

    private static readonly HashSet<string> s_keys =
        ["EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"];

    public static async ValueTask<LookupEventsResponse> HandleAsync(CloudTrailContext cx, LookupEventsRequest request, CancellationToken stop)
    {
        Check(request);
        var attribute = request.LookupAttributes is [var only] ? only : null;
        var limit = request.MaxResults ?? MaximumPage;
        var streams = attribute?.AttributeKey == "EventSource" ? new RecordStreamFilter(Names: [attribute.AttributeValue!]) : RecordStreamFilter.All;
        var range = RangeOf(cx, request);
        var found = new List<Event>(limit);
        for (var reads = 0; reads < MaximumReads; reads++)
        {
            var page = await cx.Records.ReadGroupAsync(cx.Call.AccountId, AuditTrail.Group, streams, range, stop);
            foreach (var record in page.Records)
            {
                range = range with { After = record.Position };
                if (Matches(cx, HistoryEvent.Read(record), attribute) is { } shape)
                {
                    found.Add(shape);
                    if (found.Count == limit)
                    {
                        return new LookupEventsResponse { Events = found, NextToken = TokenOf(record.Position) };
                    }
                }
            }
            if (!page.More)
            {
                return new LookupEventsResponse { Events = found };
            }
        }
        return new LookupEventsResponse { Events = found, NextToken = TokenOf(range.After!.Value) };
    }

    private static void Check(LookupEventsRequest request)
    {
        if (request.MaxResults is < 1 or > MaximumPage)
        {
            throw new InvalidMaxResultsException($"A page has 1 to {MaximumPage} results.");
        }
        if (request.StartTime > request.EndTime)
        {
            throw new InvalidTimeRangeException("The start time must not be after the end time.");
        }
        if (request.EventCategory is not null)
        {
            // The only category that can be asked for by name; there are none.
            throw request.EventCategory == "insight"
                ? new UnsupportedOperationException("There are no insight events here.")
                : new InvalidEventCategoryException($"{request.EventCategory} is not an event category.");
        }
        if (request.LookupAttributes is { Count: > 1 })
        {
            throw new InvalidLookupAttributesException("Only one lookup attribute can be specified.");
        }
        if (request.LookupAttributes is [var attribute] && !s_keys.Contains(attribute.AttributeKey!))
        {
            throw new InvalidLookupAttributesException($"{attribute.AttributeKey} is not a lookup attribute.");
        }
    }

    private static RecordRange RangeOf(CloudTrailContext cx, LookupEventsRequest request)
    {
        var oldest = (cx.Call.Now - AuditTrail.Retention).ToUnixTimeMilliseconds();
        return new RecordRange
        {
            FromMs = Math.Max(oldest, request.StartTime?.ToUnixTimeMilliseconds() ?? 0),
            BeforeMs = request.EndTime is { } end ? end.ToUnixTimeMilliseconds() + 1 : long.MaxValue,
            After = ReadToken(request.NextToken),
            Backward = true,
            Limit = ReadAtOnce,
        };
    }

    private static Event? Matches(CloudTrailContext cx, HistoryEvent one, LookupAttribute? attribute) =>
        (one.IsGlobal || one.Region == cx.Call.Region) && (attribute is null || one.Has(attribute.AttributeKey!, attribute.AttributeValue!)) ? one.Shape : null;

    private static string TokenOf(RecordPosition position) =>
        PageToken.Encode(string.Create(CultureInfo.InvariantCulture, $"{position.TimestampMs}/{position.Id}"));

    private static RecordPosition? ReadToken(string? token)
    {
        if (!PageToken.TryDecode(token, out var text))
        {
            throw BadToken();
        }
        if (text is null)
        {
            return null;
        }
        return text.Split('/') is [var time, var id] && TryNumber(time, out var timeMs) && TryNumber(id, out var number)
            ? new RecordPosition(timeMs, number)
            : throw BadToken();
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static InvalidNextTokenException BadToken() => new("The next token is not one of this operation's.");
}
