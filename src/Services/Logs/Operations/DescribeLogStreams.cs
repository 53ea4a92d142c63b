using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Operations;

internal static class DescribeLogStreams
{
    private const int MaximumPage = 50;
    private const string ByName = "LogStreamName";
    private const string ByTime = "LastEventTime";

    public static async ValueTask<DescribeLogStreamsResponse> HandleAsync(LogsContext cx, DescribeLogStreamsRequest request, CancellationToken stop)
    {
        var order = request.OrderBy ?? ByName;
        if (order is not (ByName or ByTime))
        {
            throw LogsFaults.Constraint("orderBy", order, $"Member must satisfy enum value set: [{ByName}, {ByTime}]");
        }
        if (order == ByTime && request.LogStreamNamePrefix is not null)
        {
            throw new InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.");
        }
        var limit = LogsFaults.Limit(request.Limit, MaximumPage);
        var prefix = Names.StreamPrefix(request.LogStreamNamePrefix, "logStreamNamePrefix");
        if (!PageToken.TryDecode(request.NextToken, out var after))
        {
            throw LogsFaults.BadToken();
        }
        var group = (await cx.RequireGroupAsync(request.LogGroupName, request.LogGroupIdentifier, stop)).Value;
        var descending = request.Descending ?? false;
        return order == ByName && !descending
            ? await ByNameAsync(cx, group, prefix, after, limit, stop)
            : await SortedAsync(cx, group, prefix, order == ByTime, descending, after, limit, stop);
    }

    private static async ValueTask<DescribeLogStreamsResponse> ByNameAsync(
        LogsContext cx, LogGroupDocument group, string prefix, string? after, int limit, CancellationToken stop)
    {
        var page = await cx.Documents.ListAsync(LogsKinds.Stream, cx.ScopeOfStreams(group), stop, prefix, after, limit + 1);
        var streams = new List<LogStream>(limit);
        foreach (var stream in page.Take(limit))
        {
            streams.Add(stream.Value.ToShape(cx, group, await cx.Records.SummarizeStreamAsync(cx.RecordsOf(group, stream.Value), stop)));
        }
        return new DescribeLogStreamsResponse
        {
            LogStreams = streams,
            NextToken = page.Count > limit ? PageToken.Encode(page[limit - 1].Value.Name) : null,
        };
    }

    // The other orders have no index: all streams of the group are read and sorted for each page.
    private static async ValueTask<DescribeLogStreamsResponse> SortedAsync(
        LogsContext cx, LogGroupDocument group, string prefix, bool byTime, bool descending, string? after, int limit, CancellationToken stop)
    {
        var documents = await cx.Documents.ListAsync(LogsKinds.Stream, cx.ScopeOfStreams(group), stop, prefix);
        var summaries = (await cx.Records.ListStreamsAsync(cx.Scope, group.Id, stop)).ToDictionary(one => one.Stream, StringComparer.Ordinal);
        var keyed = documents
            .Select(stream => (Key: SortKey(stream, byTime ? summaries.GetValueOrDefault(stream.Value.Key) : null), Stream: stream.Value))
            .OrderBy(one => one.Key, StringComparer.Ordinal)
            .ToList();
        if (descending)
        {
            keyed.Reverse();
        }
        var page = keyed
            .SkipWhile(one => after is not null && (descending ? string.CompareOrdinal(one.Key, after) >= 0 : string.CompareOrdinal(one.Key, after) <= 0))
            .Take(limit + 1)
            .ToList();
        return new DescribeLogStreamsResponse
        {
            LogStreams = [.. page.Take(limit).Select(one => one.Stream.ToShape(cx, group, summaries.GetValueOrDefault(one.Stream.Key)))],
            NextToken = page.Count > limit ? PageToken.Encode(page[limit - 1].Key) : null,
        };
    }

    // Streams without events come before all others, and streams of the same time by name. By name alone all times are the same.
    private static string SortKey(Document<LogStreamDocument> stream, RecordStreamSummary? summary) => $"{summary?.LastMs ?? 0:D19}{stream.Value.Name}";
}
