using Longspan.Api.Logs;
using Xunit;

namespace Longspan.Core.Tests.Logs;

public sealed class PutLogEventsTests : LogsCase
{
    private const long Hour = 3_600_000;

    [Fact]
    public async Task An_acknowledged_batch_survives_a_restart()
    {
        var now = Logs.NowMs;
        var put = await Logs.PutAsync(Group, Stream, (now - 1, "one"), (now, "two"));
        Assert.NotEmpty(put.NextSequenceToken!);
        Assert.Null(put.RejectedLogEventsInfo);

        await Logs.ReopenAsync();

        Assert.Equal(["one", "two"], await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task Messages_come_back_byte_for_byte()
    {
        string[] odd = ["tab\tand\nline", "nul\0inside", "日本語 🚚", " "];
        await Logs.PutAsync(Group, Stream, [.. odd.Select(message => (Logs.NowMs, message))]);
        Assert.Equal(odd, await Logs.MessagesAsync(Group, Stream));
    }

    [Theory]
    [InlineData("no-such", Stream, "The specified log group does not exist.")]
    [InlineData(Group, "no-such", "The specified log stream does not exist.")]
    public async Task An_unknown_place_is_refused(string group, string stream, string message)
    {
        var refusal = await Refused<ResourceNotFoundException>(LogsCloud.Batch(group, stream, (Logs.NowMs, "x")));
        Assert.Equal(message, refusal.Message);
    }

    [Fact]
    public async Task Events_must_be_in_order()
    {
        var refusal = await Refused<InvalidParameterException>(LogsCloud.Batch(Group, Stream, (Logs.NowMs, "x"), (Logs.NowMs - 1, "y")));
        Assert.Equal("Log events in a single PutLogEvents request must be in chronological order.", refusal.Message);
        Assert.Empty(await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task A_batch_spans_at_most_a_day()
    {
        var start = Logs.NowMs - (24 * Hour);
        await Logs.PutAsync(Group, Stream, (start, "x"), (start + (24 * Hour), "y"));
        await Refused<InvalidParameterException>(LogsCloud.Batch(Group, Stream, (start, "x"), (start + (24 * Hour) + 1, "y")));
    }

    [Fact]
    public async Task A_batch_has_at_most_a_mebibyte_counting_26_bytes_an_event()
    {
        // Two bytes a character: bytes count, not characters.
        var half = new string('é', (1_048_576 / 4) - 13);
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, half), (Logs.NowMs, half));
        var refusal = await Refused<InvalidParameterException>(LogsCloud.Batch(Group, Stream, (Logs.NowMs, half), (Logs.NowMs, half + "x")));
        Assert.Equal("Upload too large: 1048577 bytes exceeds limit of 1048576", refusal.Message);
    }

    [Fact]
    public async Task A_batch_has_one_to_ten_thousand_events()
    {
        await Refused<InvalidParameterException>(LogsCloud.Batch(Group, Stream));
        var most = Enumerable.Range(0, 10_000).Select(i => (Logs.NowMs, $"{i}")).ToArray();
        await Logs.PutAsync(Group, Stream, most);
        await Refused<InvalidParameterException>(LogsCloud.Batch(Group, Stream, [.. most, (Logs.NowMs, "one more")]));
    }

    [Fact]
    public async Task Empty_messages_and_negative_times_are_refused()
    {
        await Refused<InvalidParameterException>(LogsCloud.Batch(Group, Stream, (Logs.NowMs, "")));
        await Refused<InvalidParameterException>(LogsCloud.Batch(Group, Stream, (-1, "x")));
    }

    [Fact]
    public async Task Events_too_old_or_expired_are_left_out_and_told()
    {
        await Logs.CallAsync(LogsOperations.PutRetentionPolicy, new PutRetentionPolicyRequest { LogGroupName = Group, RetentionInDays = 7 });
        var fourteenDaysAgo = Logs.NowMs - (14 * 24 * Hour);
        var sevenDaysAgo = Logs.NowMs - (7 * 24 * Hour);

        var old = await Logs.PutAsync(Group, Stream, (fourteenDaysAgo - 1, "too old"), (fourteenDaysAgo, "expired"));
        Assert.Equal((1, 2, null), Bounds(old));

        var mixed = await Logs.PutAsync(Group, Stream, (sevenDaysAgo - 1, "expired"), (sevenDaysAgo, "kept"));
        Assert.Equal((null, 1, null), Bounds(mixed));
        Assert.Equal(["kept"], await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task Events_too_new_are_left_out_and_told()
    {
        var limit = Logs.NowMs + (2 * Hour);
        var put = await Logs.PutAsync(Group, Stream, (limit, "kept"), (limit + 1, "too new"), (limit + 2, "too new"));
        Assert.Equal((null, null, 1), Bounds(put));
        Assert.Equal(["kept"], await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task A_node_may_send_a_marked_batch_twice_and_it_is_kept_once()
    {
        await Logs.PutAsync(Group, Stream, "node-1/7", (Logs.NowMs, "one"));
        await Logs.PutAsync(Group, Stream, "node-1/7", (Logs.NowMs, "one"));
        await Logs.ReopenAsync();
        await Logs.PutAsync(Group, Stream, "node-1/7", (Logs.NowMs, "one"));
        await Logs.PutAsync(Group, Stream, "node-1/8", (Logs.NowMs, "two"));
        await Logs.PutAsync(Group, Stream, "node-2/7", (Logs.NowMs, "of another node"));
        Assert.Equal(["one", "two", "of another node"], await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task Unmarked_batches_are_never_taken_for_repeats()
    {
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "same"));
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "same"));
        Assert.Equal(["same", "same"], await Logs.MessagesAsync(Group, Stream));
    }

    [Theory]
    [InlineData("node-1")]
    [InlineData("/7")]
    [InlineData("node-1/x")]
    [InlineData("node-1/-1")]
    [InlineData("node-1/99999999999999999999")]
    public async Task A_malformed_mark_is_refused(string mark)
    {
        var batch = LogsCloud.Batch(Group, Stream, (Logs.NowMs, "x"));
        await Logs.RefusedAsync<InvalidParameterException, PutLogEventsRequest, PutLogEventsResponse>(LogsOperations.PutLogEvents, batch, mark);
        Assert.Empty(await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task Batches_of_many_senders_are_all_kept_whole()
    {
        const int Senders = 8;
        const int Batches = 25;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            for (var batch = 0; batch < Batches; batch++)
            {
                await Logs.PutAsync(Group, Stream, (Logs.NowMs, $"{sender}/{batch}/a"), (Logs.NowMs, $"{sender}/{batch}/b"));
            }
        })));
        var kept = await Logs.MessagesAsync(Group, Stream);
        Assert.Equal(Senders * Batches * 2, kept.Distinct().Count());
        foreach (var sender in Enumerable.Range(0, Senders))
        {
            var expected = Enumerable.Range(0, Batches).SelectMany(batch => new[] { $"{sender}/{batch}/a", $"{sender}/{batch}/b" });
            Assert.Equal(expected, kept.Where(message => message.StartsWith($"{sender}/", StringComparison.Ordinal)));
        }
    }

    private static (int?, int?, int?) Bounds(PutLogEventsResponse put) => (
        put.RejectedLogEventsInfo?.TooOldLogEventEndIndex, put.RejectedLogEventsInfo?.ExpiredLogEventEndIndex,
        put.RejectedLogEventsInfo?.TooNewLogEventStartIndex);

    private Task<TError> Refused<TError>(PutLogEventsRequest batch)
        where TError : Longspan.Api.Shapes.AwsError =>
        Logs.RefusedAsync<TError, PutLogEventsRequest, PutLogEventsResponse>(LogsOperations.PutLogEvents, batch);
}
