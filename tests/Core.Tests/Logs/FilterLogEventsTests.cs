using Longspan.Api.Logs;
using Xunit;

namespace Longspan.Core.Tests.Logs;

public sealed class FilterLogEventsTests : LogsCase
{
    private const string Other = "processor/1";

    [Fact]
    public async Task Streams_are_merged_in_time_order()
    {
        await Logs.StreamAsync(Group, Other);
        var now = Logs.NowMs;
        await Logs.PutAsync(Group, Stream, (now - 4, "a"), (now - 2, "c"));
        await Logs.PutAsync(Group, Other, (now - 3, "b"), (now - 1, "d"));

        var all = await Logs.FilterAsync(Group);
        Assert.Equal("abcd", Text(all));
        Assert.Null(all.NextToken);
        Assert.Equal([Stream, Other, Stream, Other], all.Events!.Select(one => one.LogStreamName));
        Assert.Equal(4, all.Events!.Select(one => one.EventId).Distinct().Count());
        Assert.Equal("dcba", Text(await Logs.FilterAsync(Group, request => request.StartFromHead = false)));

        Assert.Equal("bd", Text(await Logs.FilterAsync(Group, request => request.LogStreamNames = [Other])));
        Assert.Equal("ac", Text(await Logs.FilterAsync(Group, request => request.LogStreamNamePrefix = "web/")));
        Assert.Equal("abcd", Text(await Logs.FilterAsync(Group, request => request.LogStreamNames = [Other, Stream])));
    }

    [Fact]
    public async Task Start_and_end_are_both_inside()
    {
        var now = Logs.NowMs;
        await Logs.PutAsync(Group, Stream, (now - 3, "a"), (now - 2, "b"), (now - 1, "c"), (now, "d"));
        Assert.Equal("bc", Text(await Logs.FilterAsync(Group, request => (request.StartTime, request.EndTime) = (now - 2, now - 1))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_hold_each_match_once_and_end(bool head)
    {
        await Logs.PutAsync(Group, Stream, [.. Enumerable.Range(0, 100).Select(i => (Logs.NowMs, i % 3 == 0 ? $"hit {i}" : $"miss {i}"))]);
        var expected = Enumerable.Range(0, 100).Where(i => i % 3 == 0).Select(i => $"hit {i}");
        var (seen, token, pages) = (new List<string>(), (string?)null, 0);
        do
        {
            var page = await Logs.FilterAsync(
                Group, request => (request.FilterPattern, request.Limit, request.NextToken, request.StartFromHead) = ("hit", 7, token, head));
            Assert.True(page.Events!.Count <= 7);
            seen.AddRange(page.Events.Select(one => one.Message!));
            token = page.NextToken;
            pages++;
        }
        while (token is not null && pages < 20);
        Assert.Null(token);
        Assert.Equal(head ? expected : expected.Reverse(), seen);
    }

    [Fact]
    public async Task A_search_through_much_is_cut_into_calls()
    {
        // More than one call looks through: 16 pages of a mebibyte.
        var filler = new string('x', 1_000_000);
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "needle"));
        for (var i = 0; i < 18; i++)
        {
            await Logs.PutAsync(Group, Stream, (Logs.NowMs, filler));
        }
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "needle"));
        var first = await Logs.FilterAsync(Group, request => request.FilterPattern = "needle");
        Assert.Single(first.Events!);
        Assert.NotNull(first.NextToken);
        var second = await Logs.FilterAsync(Group, request => (request.FilterPattern, request.NextToken) = ("needle", first.NextToken));
        Assert.Single(second.Events!);
        Assert.Null(second.NextToken);
    }

    [Fact]
    public async Task Wrong_requests_are_refused()
    {
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.FilterAsync("no-such"));
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.FilterAsync(Group, request => request.LogStreamNames = ["no-such"]));
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.FilterAsync(Group, request => request.NextToken = "nonsense"));
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.FilterAsync(Group, request => request.FilterPattern = "{ $.a = "));
        await Assert.ThrowsAsync<InvalidParameterException>(
            () => Logs.FilterAsync(Group, request => (request.LogStreamNames, request.LogStreamNamePrefix) = ([Stream], "web")));
    }

    private static string Text(FilterLogEventsResponse found) => string.Concat(found.Events!.Select(one => one.Message));
}
