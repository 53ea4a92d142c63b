using Longspan.Api.Logs;
using Xunit;

namespace Longspan.Core.Tests.Logs;

public sealed class GroupAndStreamTests : LogsCase
{
    private static readonly string s_arn = $"arn:aws:logs:{LogsCloud.Region}:{LogsCloud.Account}:log-group:{Group}";

    [Fact]
    public async Task A_group_is_described_with_both_forms_of_its_arn()
    {
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "12345"));
        var group = Assert.Single((await DescribeGroups()).LogGroups!);
        Assert.Equal(Group, group.LogGroupName);
        Assert.Equal(s_arn + ":*", group.Arn);
        Assert.Equal(s_arn, group.LogGroupArn);
        Assert.Equal(Logs.NowMs, group.CreationTime);
        Assert.Equal(5, group.StoredBytes);
        Assert.Null(group.RetentionInDays);
        Assert.Equal("STANDARD", group.LogGroupClass);
    }

    [Fact]
    public async Task Groups_are_listed_by_prefix_pattern_class_and_page()
    {
        foreach (var name in new[] { "/b", "/a/2", "/a/1" })
        {
            await Logs.GroupAsync(name);
        }
        Assert.Equal(["/a/1", "/a/2", "/b", Group], Named(await DescribeGroups()));
        Assert.Equal(["/a/1", "/a/2"], Named(await DescribeGroups(request => request.LogGroupNamePrefix = "/a/")));
        Assert.Equal([Group], Named(await DescribeGroups(request => request.LogGroupNamePattern = "ERS/W")));
        Assert.Equal(["/b", Group], Named(await DescribeGroups(request => request.LogGroupIdentifiers = [s_arn, "/b", "/missing"])));
        Assert.Empty(Named(await DescribeGroups(request => request.LogGroupClass = "INFREQUENT_ACCESS")));

        var first = await DescribeGroups(request => request.Limit = 3);
        Assert.Equal(["/a/1", "/a/2", "/b"], Named(first));
        var second = await DescribeGroups(request => (request.Limit, request.NextToken) = (3, first.NextToken));
        Assert.Equal([Group], Named(second));
        Assert.Null(second.NextToken);
    }

    [Fact]
    public async Task A_pattern_is_looked_for_beyond_the_first_page()
    {
        for (var i = 0; i < 120; i++)
        {
            await Logs.GroupAsync($"/fill/{i:D3}");
        }
        Assert.Equal(["/fill/119"], Named(await DescribeGroups(request => request.LogGroupNamePattern = "119")));
        Assert.Equal(50, (await DescribeGroups()).LogGroups!.Count);
    }

    [Fact]
    public async Task Regions_are_apart()
    {
        var elsewhere = await Logs.CallAsync(LogsOperations.DescribeLogGroups, new DescribeLogGroupsRequest(), region: "us-east-1");
        Assert.Empty(elsewhere.LogGroups!);
    }

    [Fact]
    public async Task What_exists_is_not_made_again()
    {
        await Assert.ThrowsAsync<ResourceAlreadyExistsException>(() => Logs.GroupAsync(Group));
        await Assert.ThrowsAsync<ResourceAlreadyExistsException>(() => Logs.StreamAsync(Group, Stream));
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.StreamAsync("no-such", "x"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("colon:colon")]
    [InlineData("star*")]
    [InlineData("é")]
    [InlineData("aws/mine")]
    public async Task Bad_group_names_are_refused(string name) =>
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.GroupAsync(name));

    [Theory]
    [InlineData("")]
    [InlineData("a:b")]
    [InlineData("a*")]
    [InlineData("nul\0")]
    public async Task Bad_stream_names_are_refused(string name) =>
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.StreamAsync(Group, name));

    [Fact]
    public async Task Half_a_surrogate_pair_is_no_stream_name() =>
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.StreamAsync(Group, "half\ud83d"));

    [Fact]
    public async Task Names_may_have_512_characters()
    {
        await Logs.GroupAsync(new string('a', 512));
        await Logs.StreamAsync(Group, new string('é', 512));
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.GroupAsync(new string('a', 513)));
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.StreamAsync(Group, new string('a', 513)));
    }

    [Fact]
    public async Task A_key_of_a_key_service_that_is_not_there_is_refused() =>
        await Assert.ThrowsAsync<InvalidParameterException>(() => Logs.CallAsync(
            LogsOperations.CreateLogGroup, new CreateLogGroupRequest { LogGroupName = "x", KmsKeyId = "arn:aws:kms:eu-north-1:123456789012:key/1" }));

    [Fact]
    public async Task Streams_are_listed_by_name_and_by_last_event()
    {
        foreach (var name in new[] { "c", "a", "b" })
        {
            await Logs.StreamAsync(Group, name);
        }
        await Logs.PutAsync(Group, "b", (Logs.NowMs - 5, "x"));
        await Logs.PutAsync(Group, "c", (Logs.NowMs - 9, "x"), (Logs.NowMs - 8, "y"));

        Assert.Equal(["a", "b", "c", Stream], Named(await DescribeStreams()));
        Assert.Equal([Stream, "c", "b", "a"], Named(await DescribeStreams(request => request.Descending = true)));
        Assert.Equal([Stream], Named(await DescribeStreams(request => request.LogStreamNamePrefix = "web")));
        Assert.Equal(["b", "c", Stream, "a"], Named(await DescribeStreams(request => (request.OrderBy, request.Descending) = ("LastEventTime", true))));

        var c = (await DescribeStreams()).LogStreams![2];
        Assert.Equal((Logs.NowMs - 9, Logs.NowMs - 8, Logs.NowMs), (c.FirstEventTimestamp!.Value, c.LastEventTimestamp!.Value, c.LastIngestionTime!.Value));
        Assert.Equal($"{s_arn}:log-stream:c", c.Arn);
        Assert.Null((await DescribeStreams()).LogStreams![0].LastEventTimestamp);
    }

    [Theory]
    [InlineData("LogStreamName", false)]
    [InlineData("LogStreamName", true)]
    [InlineData("LastEventTime", false)]
    [InlineData("LastEventTime", true)]
    public async Task Pages_of_streams_hold_each_stream_once(string order, bool descending)
    {
        for (var i = 0; i < 6; i++)
        {
            await Logs.StreamAsync(Group, $"s{i}");
            await Logs.PutAsync(Group, $"s{i}", (Logs.NowMs - (i / 2), "x"));
        }
        var (seen, token) = (new List<string>(), (string?)null);
        do
        {
            var page = await DescribeStreams(request => (request.OrderBy, request.Descending, request.Limit, request.NextToken) = (order, descending, 2, token));
            seen.AddRange(Named(page));
            token = page.NextToken;
        }
        while (token is not null && seen.Count < 20);
        var whole = Named(await DescribeStreams(request => (request.OrderBy, request.Descending) = (order, descending)));
        Assert.Equal(7, whole.Distinct().Count());
        Assert.Equal(whole, seen);
    }

    [Fact]
    public async Task A_prefix_can_not_be_combined_with_the_order_by_time() =>
        await Assert.ThrowsAsync<InvalidParameterException>(
            () => DescribeStreams(request => (request.OrderBy, request.LogStreamNamePrefix) = ("LastEventTime", "a")));

    [Fact]
    public async Task A_deleted_stream_made_again_is_empty()
    {
        await Logs.PutAsync(Group, Stream, "node-1/5", (Logs.NowMs, "before"));
        await DeleteStream(Stream);
        Assert.Empty((await Logs.FilterAsync(Group)).Events!);
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.PutAsync(Group, Stream, (Logs.NowMs, "x")));

        await Logs.StreamAsync(Group, Stream);
        Assert.Empty(await Logs.MessagesAsync(Group, Stream));
        // Numbers of the old life do not count in the new one.
        await Logs.PutAsync(Group, Stream, "node-1/5", (Logs.NowMs, "after"));
        Assert.Equal(["after"], await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task A_deleted_group_takes_its_streams_and_events_along()
    {
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "before"));
        await Logs.CallAsync(LogsOperations.DeleteLogGroup, new DeleteLogGroupRequest { LogGroupName = Group });
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.GetAsync(Group, Stream));
        await Assert.ThrowsAsync<ResourceNotFoundException>(
            () => Logs.CallAsync(LogsOperations.DeleteLogGroup, new DeleteLogGroupRequest { LogGroupName = Group }));

        await Logs.GroupAsync(Group);
        Assert.Empty(Named(await DescribeStreams()));
        Assert.Equal(0, (await DescribeGroups()).LogGroups![0].StoredBytes);
    }

    [Fact]
    public async Task A_protected_group_is_not_deleted()
    {
        await Logs.CallAsync(LogsOperations.CreateLogGroup, new CreateLogGroupRequest { LogGroupName = "kept", DeletionProtectionEnabled = true });
        await Assert.ThrowsAsync<ValidationException>(
            () => Logs.CallAsync(LogsOperations.DeleteLogGroup, new DeleteLogGroupRequest { LogGroupName = "kept" }));
        Assert.Contains("kept", Named(await DescribeGroups()));
    }

    [Fact]
    public async Task Tags_are_kept_merged_and_removed()
    {
        await Logs.GroupAsync("tagged", new Dictionary<string, string> { ["site"] = "cloud" });
        const string Arn = "arn:aws:logs:eu-north-1:123456789012:log-group:tagged";
        await Logs.CallAsync(LogsOperations.TagResource, new TagResourceRequest { ResourceArn = Arn + ":*", Tags = new() { ["team"] = "orders", ["site"] = "both" } });
        Assert.Equal([("site", "both"), ("team", "orders")], await TagsOf(Arn));
        await Logs.CallAsync(LogsOperations.UntagResource, new UntagResourceRequest { ResourceArn = Arn, TagKeys = ["site", "unknown"] });
        Assert.Equal([("team", "orders")], await TagsOf(Arn));

        var many = Enumerable.Range(0, 50).ToDictionary(i => $"k{i}", _ => "");
        await Assert.ThrowsAsync<TooManyTagsException>(
            () => Logs.CallAsync(LogsOperations.TagResource, new TagResourceRequest { ResourceArn = Arn, Tags = many }));
        await Assert.ThrowsAsync<InvalidParameterException>(
            () => Logs.CallAsync(LogsOperations.TagResource, new TagResourceRequest { ResourceArn = Arn, Tags = new() { ["aws:x"] = "" } }));
        await Assert.ThrowsAsync<InvalidParameterException>(() => TagsOf("not an arn"));
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => TagsOf(Arn + "2"));
    }

    [Fact]
    public async Task A_reset_leaves_nothing()
    {
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "before"));
        await Logs.Store.ResetAsync(default);
        await Logs.Module.ResetAsync(default);
        Assert.Empty(Named(await DescribeGroups()));
        Assert.Empty(await Logs.Store.Records.ListStreamsAsync(LogsCloud.Scope, "", default));
    }

    private Task<DescribeLogGroupsResponse> DescribeGroups(Action<DescribeLogGroupsRequest>? with = null)
    {
        var request = new DescribeLogGroupsRequest();
        with?.Invoke(request);
        return Logs.CallAsync(LogsOperations.DescribeLogGroups, request);
    }

    private Task<DescribeLogStreamsResponse> DescribeStreams(Action<DescribeLogStreamsRequest>? with = null)
    {
        var request = new DescribeLogStreamsRequest { LogGroupName = Group };
        with?.Invoke(request);
        return Logs.CallAsync(LogsOperations.DescribeLogStreams, request);
    }

    private Task<DeleteLogStreamResponse> DeleteStream(string name) =>
        Logs.CallAsync(LogsOperations.DeleteLogStream, new DeleteLogStreamRequest { LogGroupName = Group, LogStreamName = name });

    private async Task<(string, string)[]> TagsOf(string arn) =>
    [
        .. (await Logs.CallAsync(LogsOperations.ListTagsForResource, new ListTagsForResourceRequest { ResourceArn = arn })).Tags!
            .OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => (tag.Key, tag.Value)),
    ];

    private static string[] Named(DescribeLogGroupsResponse described) => [.. described.LogGroups!.Select(one => one.LogGroupName!)];

    private static string[] Named(DescribeLogStreamsResponse described) => [.. described.LogStreams!.Select(one => one.LogStreamName!)];
}
