using System.Text;
using Longspan.Api.Logs;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;
using Longspan.Services.Logs.Rules.Patterns;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Operations;

internal static class FilterLogEvents
{
    private const int MaximumEvents = 10_000;
    private const int MaximumBytes = 1024 * 1024;
    private const int MaximumStreams = 100;
    /// <summary>Pages of the record store, each of at most 10,000 events or 1 MiB, that one call looks through before it hands out a token.</summary>
    private const int MaximumPages = 16;

    public static async ValueTask<FilterLogEventsResponse> HandleAsync(LogsContext cx, FilterLogEventsRequest request, CancellationToken stop)
    {
        var limit = LogsFaults.Limit(request.Limit, MaximumEvents);
        var (fromMs, beforeMs) = TimeRange.ReadInclusive(request.StartTime, request.EndTime);
        var backward = !(request.StartFromHead ?? true);
        var after = ReadToken(request.NextToken, backward);
        var pattern = FilterPattern.Parse(request.FilterPattern);
        var group = (await cx.RequireGroupAsync(request.LogGroupName, request.LogGroupIdentifier, stop)).Value;
        var streams = await StreamsAsync(cx, group, request, stop);
        var range = new RecordRange
        {
            FromMs = Math.Max(fromMs, group.ExpiredBeforeMs(cx.Now)),
            BeforeMs = beforeMs,
            After = after,
            Backward = backward,
            Limit = MaximumEvents,
        };
        var gathered = new Gathered(limit);
        for (var pages = 0; ; pages++)
        {
            if (pages == MaximumPages)
            {
                return gathered.Page(backward, more: true);
            }
            var page = await cx.Records.ReadGroupAsync(cx.Scope, group.Id, streams, range, stop);
            if (!gathered.Take(page.Records, pattern))
            {
                return gathered.Page(backward, more: page.More || gathered.Position != page.Records[^1].Position);
            }
            if (!page.More)
            {
                return gathered.Page(backward, more: false);
            }
            range = range with { After = gathered.Position };
        }
    }

    private static RecordPosition? ReadToken(string? text, bool backward)
    {
        if (text is null)
        {
            return null;
        }
        return EventToken.TryParse(text, out var token) && token.Backward == backward ? token.Position : throw LogsFaults.BadToken();
    }

    private static async ValueTask<RecordStreamFilter> StreamsAsync(
        LogsContext cx, LogGroupDocument group, FilterLogEventsRequest request, CancellationToken stop)
    {
        if (request.LogStreamNames is not { Count: > 0 } names)
        {
            return new RecordStreamFilter(Names.StreamPrefix(request.LogStreamNamePrefix, "logStreamNamePrefix"));
        }
        if (request.LogStreamNamePrefix is not null)
        {
            throw new InvalidParameterException("Only one of logStreamNames and logStreamNamePrefix may be specified.");
        }
        if (names.Count > MaximumStreams)
        {
            throw LogsFaults.Constraint("logStreamNames", "...", $"Member must have length less than or equal to {MaximumStreams}");
        }
        var keys = new List<string>(names.Count);
        foreach (var name in names)
        {
            keys.Add((await cx.RequireStreamAsync(group, name, stop)).Value.Key);
        }
        return new RecordStreamFilter(Names: keys);
    }

    /// <summary>The matches of one call, within its bounds.</summary>
    private sealed class Gathered(int limit)
    {
        private readonly List<FilteredLogEvent> _events = [];
        private long _bytes;

        /// <summary>The last event that was looked at and dealt with.</summary>
        public RecordPosition Position { get; private set; }

        /// <summary>False when the call is full.</summary>
        public bool Take(IReadOnlyList<StoredRecord> records, FilterPattern pattern)
        {
            foreach (var record in records)
            {
                if (pattern.Matches(record.Message))
                {
                    _bytes += Encoding.UTF8.GetByteCount(record.Message);
                    if (_events.Count > 0 && _bytes > MaximumBytes)
                    {
                        return false;
                    }
                    _events.Add(record.ToFiltered());
                }
                Position = record.Position;
                if (_events.Count == limit)
                {
                    return false;
                }
            }
            return true;
        }

        public FilterLogEventsResponse Page(bool backward, bool more) => new()
        {
            Events = _events,
            // AWS has answered an empty list since 2020.
            SearchedLogStreams = [],
            NextToken = more ? new EventToken(backward, Position).ToString() : null,
        };
    }
}
