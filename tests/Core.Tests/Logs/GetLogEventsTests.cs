using Longspan.Api.Logs;
using Xunit;

namespace Longspan.Core.Tests.Logs;

public sealed class GetLogEventsTests : LogsCase
{
    private async Task<long> TenAsync()
    {
        var start = Logs.NowMs - 1000;
        await Logs.PutAsync(Group, Stream, [.. Enumerable.Range(0, 10).Select(i => (start + i, $"{i}"))]);
        return start;
    }

    [Fact]
    public async Task The_newest_come_first_unless_told_otherwise_and_always_in_time_order()
    {
        await TenAsync();
        Assert.Equal("789", Text(await Logs.GetAsync(Group, Stream, request => request.Limit = 3)));
        Assert.Equal("012", Text(await Logs.GetAsync(Group, Stream, request => (request.Limit, request.StartFromHead) = (3, true))));
    }

    [Fact]
    public async Task Forward_tokens_lead_through_everything_and_repeat_at_the_end()
    {
        await TenAsync();
        var (seen, token) = ("", (string?)null);
        for (var page = 0; page < 4; page++)
        {
            var got = await Next(token, head: true);
            seen += Text(got);
            token = got.NextForwardToken;
        }
        Assert.Equal("0123456789", seen);

        var end = await Next(token);
        Assert.Empty(end.Events!);
        Assert.Equal(token, end.NextForwardToken);

        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "N"));
        Assert.Equal("N", Text(await Next(end.NextForwardToken)));
    }

    [Fact]
    public async Task Backward_tokens_lead_to_the_start_and_repeat_there()
    {
        await TenAsync();
        var (seen, token) = ("", (string?)null);
        for (var page = 0; page < 4; page++)
        {
            var got = await Next(token);
            seen = Text(got) + seen;
            token = got.NextBackwardToken;
        }
        Assert.Equal("0123456789", seen);

        var end = await Next(token);
        Assert.Empty(end.Events!);
        Assert.Equal(token, end.NextBackwardToken);
    }

    [Fact]
    public async Task From_either_end_the_other_token_leads_back()
    {
        await TenAsync();
        var last = await Next(null);
        var beyond = await Next(last.NextForwardToken);
        Assert.Equal("789", Text(await Next(beyond.NextBackwardToken)));

        var first = await Next(null, head: true);
        var before = await Next(first.NextBackwardToken);
        Assert.Equal("012", Text(await Next(before.NextForwardToken)));
    }

    [Fact]
    public async Task An_empty_stream_hands_out_tokens_that_find_what_comes_later()
    {
        var empty = await Logs.GetAsync(Group, Stream);
        Assert.Empty(empty.Events!);
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "N"));
        Assert.Equal("N", Text(await Next(empty.NextForwardToken)));
    }

    [Fact]
    public async Task The_start_is_inside_and_the_end_outside()
    {
        var start = await TenAsync();
        var got = await Logs.GetAsync(Group, Stream, request => (request.StartTime, request.EndTime) = (start + 2, start + 5));
        Assert.Equal("234", Text(got));
    }

    [Fact]
    public async Task Events_of_one_millisecond_keep_their_order_across_pages()
    {
        await Logs.PutAsync(Group, Stream, [.. "abcdefg".Select(c => (Logs.NowMs, c.ToString()))]);
        var first = await Next(null, head: true);
        var second = await Next(first.NextForwardToken);
        Assert.Equal("abcdef", Text(first) + Text(second));
    }

    [Fact]
    public async Task A_page_ends_at_a_mebibyte()
    {
        var large = new string('x', 500_000);
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, large), (Logs.NowMs, large));
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, large));
        var first = await Logs.GetAsync(Group, Stream, request => request.StartFromHead = true);
        Assert.Equal(2, first.Events!.Count);
        Assert.Single((await Logs.GetAsync(Group, Stream, request => request.NextToken = first.NextForwardToken)).Events!);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("f/")]
    [InlineData("x/00000000000000000000000000000000000000/s")]
    [InlineData("f/-0000000000000000000000000000000000000/s")]
    public async Task A_token_that_is_none_is_refused(string token)
    {
        var refusal = await Assert.ThrowsAsync<InvalidParameterException>(() => Next(token));
        Assert.Equal("The specified nextToken is invalid.", refusal.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public async Task A_limit_out_of_range_is_refused(int limit) =>
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.GetAsync(Group, Stream, request => request.Limit = limit));

    [Fact]
    public async Task The_group_may_be_named_by_identifier()
    {
        await TenAsync();
        foreach (var identifier in new[] { Group, $"arn:aws:logs:eu-north-1:123456789012:log-group:{Group}", $"arn:aws:logs:eu-north-1:123456789012:log-group:{Group}:*" })
        {
            var got = await Logs.GetAsync(Group, Stream, request => (request.LogGroupName, request.LogGroupIdentifier) = (null, identifier));
            Assert.Equal(10, got.Events!.Count);
        }
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.GetAsync(
            Group, Stream, request => (request.LogGroupName, request.LogGroupIdentifier) = (null, $"arn:aws:logs:us-east-1:123456789012:log-group:{Group}")));
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.GetAsync(Group, Stream, request => request.LogGroupIdentifier = Group));
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.GetAsync(Group, Stream, request => request.LogGroupName = null));
    }

    private Task<GetLogEventsResponse> Next(string? token, bool head = false) => Logs.GetAsync(
        Group, Stream, request => (request.Limit, request.NextToken, request.StartFromHead) = (3, token, head));

    private static string Text(GetLogEventsResponse got) => string.Concat(got.Events!.Select(one => one.Message));
}
