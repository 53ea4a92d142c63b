using Longspan.Api.Logs;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Logs.Documents;
using Longspan.Store.Documents;
using Longspan.Store.Records;
using Xunit;

namespace Longspan.Core.Tests.Logs;

public sealed class LogsReconcilerTests : LogsCase
{
    private Reconciler Pass(string name) => Logs.Module.Reconcilers.Single(one => one.Name == name);

    private async Task RunAsync(string name)
    {
        foreach (var shard in await Pass(name).ListShardsAsync(default))
        {
            await Pass(name).RunAsync(shard, default);
        }
    }

    private Task<PutRetentionPolicyResponse> SetRetentionAsync(int days) =>
        Logs.CallAsync(LogsOperations.PutRetentionPolicy, new PutRetentionPolicyRequest { LogGroupName = Group, RetentionInDays = days });

    [Fact]
    public async Task Expired_events_are_not_seen_and_then_taken_off_the_disk()
    {
        var now = Logs.NowMs;
        await Logs.PutAsync(Group, Stream, (now, "old"));
        Logs.Clock.Advance(TimeSpan.FromDays(2));
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "new"));
        await SetRetentionAsync(1);

        Assert.Equal(["new"], await Logs.MessagesAsync(Group, Stream));
        Assert.Single((await Logs.FilterAsync(Group)).Events!);
        Assert.Equal(2, await StoredAsync());

        await RunAsync("logs-retention");
        Assert.Equal(1, await StoredAsync());

        // Proof that they are gone and not only out of sight.
        await Logs.CallAsync(LogsOperations.DeleteRetentionPolicy, new DeleteRetentionPolicyRequest { LogGroupName = Group });
        Assert.Equal(["new"], await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task Without_a_policy_nothing_is_removed()
    {
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "old"));
        Logs.Clock.Advance(TimeSpan.FromDays(5000));
        await RunAsync("logs-retention");
        Assert.Equal(["old"], await Logs.MessagesAsync(Group, Stream));
    }

    [Fact]
    public async Task A_policy_signals_its_own_group()
    {
        await SetRetentionAsync(3);
        var change = new DocumentChange(1, new DocumentKey(LogsKinds.Group.Name, LogsCloud.Scope, Group), false, false);
        Assert.Equal(Assert.Single(await Pass("logs-retention").ListShardsAsync(default)), Pass("logs-retention").ShardOf(change));
        Assert.Null(Pass("logs-retention").ShardOf(change with { Key = change.Key with { Kind = LogsKinds.Stream.Name } }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3654)]
    public async Task Only_the_listed_numbers_of_days_are_taken(int days) => await Assert.ThrowsAsync<InvalidParameterException>(() => SetRetentionAsync(days));

    [Fact]
    public async Task A_deletion_cut_short_is_finished_by_a_pass()
    {
        await Logs.PutAsync(Group, Stream, (Logs.NowMs, "left over"));
        var group = (await Logs.Store.Documents.GetAsync(LogsKinds.Group, LogsCloud.Scope, Group, default))!;
        // What the operation commits first; then the server dies.
        var removal = new RemovalDocument(group.Value.Id, null);
        var commit = new Commit().Delete(group).Put(LogsKinds.Removal, LogsCloud.Scope, removal.DocumentName, removal);
        Assert.True((await Logs.Store.Documents.CommitAsync(commit, default)).Committed);
        await Logs.ReopenAsync();

        await RunAsync("logs-removal");

        Assert.Empty(await Logs.Store.Records.ListStreamsAsync(LogsCloud.Scope, group.Value.Id, default));
        Assert.Empty(await Logs.Store.Documents.ListAllAsync(LogsKinds.Stream, default));
        Assert.Empty(await Logs.Store.Documents.ListAllAsync(LogsKinds.Removal, default));
    }

    [Fact]
    public async Task Deleting_leaves_no_document_and_no_event()
    {
        for (var i = 0; i < 30; i++)
        {
            await Logs.StreamAsync(Group, $"s{i}");
            await Logs.PutAsync(Group, $"s{i}", (Logs.NowMs, "x"));
        }
        await Logs.CallAsync(LogsOperations.DeleteLogStream, new DeleteLogStreamRequest { LogGroupName = Group, LogStreamName = "s3" });
        await Logs.CallAsync(LogsOperations.DeleteLogGroup, new DeleteLogGroupRequest { LogGroupName = Group });
        Assert.Empty(await Logs.Store.Documents.ListAllAsync(LogsKinds.Group, default));
        Assert.Empty(await Logs.Store.Documents.ListAllAsync(LogsKinds.Stream, default));
        Assert.Empty(await Logs.Store.Documents.ListAllAsync(LogsKinds.Removal, default));
    }

    [Fact]
    public async Task Events_that_arrive_while_their_stream_is_deleted_are_refused_and_not_kept()
    {
        Logs.Meanwhile = () => Logs.CallAsync(
            LogsOperations.DeleteLogStream, new DeleteLogStreamRequest { LogGroupName = Group, LogStreamName = Stream });
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.PutAsync(Group, Stream, (Logs.NowMs, "x")));
        Assert.Equal(0, await StoredAsync());
    }

    [Fact]
    public async Task Events_that_arrive_while_their_stream_is_made_anew_stay_out_of_the_new_one()
    {
        Logs.Meanwhile = async () =>
        {
            await Logs.CallAsync(LogsOperations.DeleteLogStream, new DeleteLogStreamRequest { LogGroupName = Group, LogStreamName = Stream });
            await Logs.StreamAsync(Group, Stream);
        };
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.PutAsync(Group, Stream, (Logs.NowMs, "x")));
        Assert.Empty(await Logs.MessagesAsync(Group, Stream));
        Assert.Empty((await Logs.FilterAsync(Group)).Events!);
        Assert.Equal(0, await StoredAsync());
    }

    [Fact]
    public async Task A_stream_that_is_made_while_its_group_is_deleted_is_refused()
    {
        Logs.Meanwhile = () => Logs.CallAsync(LogsOperations.DeleteLogGroup, new DeleteLogGroupRequest { LogGroupName = Group });
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => Logs.StreamAsync(Group, "late"));
        Assert.Empty(await Logs.Store.Documents.ListAllAsync(LogsKinds.Stream, default));
    }

    private async Task<long> StoredAsync()
    {
        var group = (await Logs.Store.Documents.GetAsync(LogsKinds.Group, LogsCloud.Scope, Group, default))!;
        RecordGroupSummary summary = await Logs.Store.Records.SummarizeGroupAsync(LogsCloud.Scope, group.Value.Id, default);
        return summary.Events;
    }
}
