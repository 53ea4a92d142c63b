using Longspan.Store.Records;
using Longspan.Store.Sqlite;
using Longspan.Support;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>What every record backend must do, told through the store.</summary>
public abstract class RecordStoreConformance : IAsyncLifetime
{
    private const string Group = "/ecs/orders";
    private static readonly RecordStream A = new(Scope, Group, "api/a");
    private static readonly RecordStream B = new(Scope, Group, "api/b");
    private static readonly RecordStream C = new(Scope, Group, "web/c");

    private protected ManualClock Clock { get; } = new();

    protected RecordStore Records { get; private set; } = null!;

    protected abstract RecordBackend MakeBackend();

    public async Task InitializeAsync() =>
        Records = await RecordStore.OpenAsync(MakeBackend(), Clock, new RecordStoreSettings { PageEvents = 100, RemoveStep = 10, BatchEvents = 1000 });

    public virtual async Task DisposeAsync() => await Records.DisposeAsync();

    private Task<AppendResult> AppendAsync(RecordStream stream, params (long AtMs, string Message)[] events) =>
        Records.AppendAsync(stream, [.. events.Select(one => new RecordEvent(one.AtMs, one.Message))], default).AsTask();

    private static IEnumerable<string> Texts(RecordPage page) => page.Records.Select(one => one.Message);

    private async Task<IEnumerable<string>> StreamAsync(RecordStream stream, long from = 0, long before = long.MaxValue, bool backward = false) =>
        Texts(await Records.ReadStreamAsync(stream, new RecordRange { FromMs = from, BeforeMs = before, Backward = backward, Limit = 100 }, default));

    private async Task<IEnumerable<string>> GroupAsync(RecordStreamFilter filter) =>
        Texts(await Records.ReadGroupAsync(Scope, Group, filter, new RecordRange { Limit = 100 }, default));

    [Fact]
    public async Task EventsAreReadInTimeOrderHoweverTheyCame()
    {
        await AppendAsync(A, (30, "c"), (10, "a"), (20, "b1"));
        await AppendAsync(A, (20, "b2"), (40, ""));
        Assert.Equal(["a", "b1", "b2", "c", ""], await StreamAsync(A));
        Assert.Equal(["", "c", "b2", "b1", "a"], await StreamAsync(A, backward: true));
        Assert.Equal(["b1", "b2"], await StreamAsync(A, 20, 30));
        Assert.Empty(await StreamAsync(A, 50));
        Assert.Empty(await StreamAsync(B));
    }

    [Fact]
    public async Task AnEventKeepsWhatWasSentAndWhenItCame()
    {
        const string Odd = "nul \0 quote ' newline \n 雪 🚀";
        var result = await AppendAsync(A, (10, Odd));
        Assert.Equal(new AppendResult(AppendStatus.Appended, 1, 1), result);
        var page = await Records.ReadStreamAsync(A, new RecordRange { Limit = 1 }, default);
        Assert.Equal(new StoredRecord(1, A.Name, 10, Clock.GetUtcNow().ToUnixTimeMilliseconds(), Odd), Assert.Single(page.Records));
        Assert.False(page.More);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PagesJoinWithoutGapOrRepeat(bool backward)
    {
        // Many events of the same millisecond: a position must tell them apart.
        await AppendAsync(A, [.. Enumerable.Range(0, 250).Select(i => ((long)(i / 60), $"{i}"))]);
        var all = new List<string>();
        RecordPosition? after = null;
        RecordPage page;
        do
        {
            page = await Records.ReadStreamAsync(A, new RecordRange { After = after, Backward = backward, Limit = 37 }, default);
            all.AddRange(Texts(page));
            after = page.Records[^1].Position;
        }
        while (page.More);
        var expected = Enumerable.Range(0, 250).Select(i => $"{i}");
        Assert.Equal(backward ? expected.Reverse() : expected, all);
    }

    [Fact]
    public async Task APageEndsAtItsBounds()
    {
        await AppendAsync(A, [.. Enumerable.Range(0, 150).Select(i => ((long)i, new string('x', 10)))]);
        Assert.Equal(100, (await Records.ReadStreamAsync(A, new RecordRange { Limit = 1000 }, default)).Records.Count);
        var page = await Records.ReadStreamAsync(A, new RecordRange { Limit = 50, MaximumBytes = 35 }, default);
        Assert.Equal(3, page.Records.Count);
        Assert.True(page.More);
        Assert.Single((await Records.ReadStreamAsync(A, new RecordRange { Limit = 50, MaximumBytes = 1 }, default)).Records);
        var exact = await Records.ReadStreamAsync(A, new RecordRange { FromMs = 140, Limit = 10 }, default);
        Assert.Equal((10, false), (exact.Records.Count, exact.More));
    }

    [Fact]
    public async Task StreamsOfAGroupAreMergedInTimeOrder()
    {
        await AppendAsync(A, (10, "a1"), (40, "a2"));
        await AppendAsync(B, (20, "b1"), (40, "b2"));
        await AppendAsync(C, (30, "c1"));
        await AppendAsync(new RecordStream(Scope, "/other", "api/a"), (15, "elsewhere"));
        await AppendAsync(new RecordStream("1/r", Group, "api/a"), (15, "elsewhere"));
        Assert.Equal(["a1", "b1", "c1", "a2", "b2"], await GroupAsync(RecordStreamFilter.All));
        Assert.Equal(["a1", "b1", "a2", "b2"], await GroupAsync(new RecordStreamFilter("api/")));
        Assert.Equal(["a1", "c1", "a2"], await GroupAsync(new RecordStreamFilter(Names: ["api/a", "web/c", "none"])));
        Assert.Equal(["c1"], await GroupAsync(new RecordStreamFilter(Names: ["web/c"])));
        Assert.Empty(await GroupAsync(new RecordStreamFilter("none")));
        Assert.Empty(await GroupAsync(new RecordStreamFilter(Names: [])));
        var page = await Records.ReadGroupAsync(Scope, Group, RecordStreamFilter.All, new RecordRange { Limit = 2, After = new RecordPosition(20, 3) }, default);
        Assert.Equal([("c1", "web/c"), ("a2", "api/a")], page.Records.Select(one => (one.Message, one.Stream)));
        Assert.True(page.More);
        var back = await Records.ReadGroupAsync(Scope, Group, new RecordStreamFilter("api/"), new RecordRange { Limit = 2, Backward = true }, default);
        Assert.Equal(["b2", "a2"], Texts(back));
    }

    [Fact]
    public async Task ABatchThatIsSentAgainIsKeptOnce()
    {
        Assert.Equal(AppendStatus.Appended, await SendAsync(A, "node-1", 1, "one"));
        Assert.Equal(AppendStatus.Appended, await SendAsync(A, "node-1", 2, "two"));
        Assert.Equal(AppendStatus.Duplicate, await SendAsync(A, "node-1", 1, "one"));
        Assert.Equal(AppendStatus.Duplicate, await SendAsync(A, "node-1", 2, "two"));
        Assert.Equal(AppendStatus.Appended, await SendAsync(A, "node-2", 1, "other"));
        Assert.Equal(AppendStatus.Appended, await SendAsync(B, "node-1", 1, "b"));
        await Records.DisposeAsync();
        await InitializeAsync();
        Assert.Equal(AppendStatus.Duplicate, await SendAsync(A, "node-1", 2, "two"));
        Assert.Equal(AppendStatus.Appended, await SendAsync(A, "node-1", 5, "three"));
        Assert.Equal(["one", "two", "other", "three"], await StreamAsync(A));

        // The same batch twice in one group of the writer, as a node's impatient retry would have it.
        var both = await Task.WhenAll(SendAsync(C, "node-1", 1, "c"), SendAsync(C, "node-1", 1, "c"));
        Assert.Equal([AppendStatus.Appended, AppendStatus.Duplicate], both.Order());
        Assert.Equal(["c"], await StreamAsync(C));
    }

    private async Task<AppendStatus> SendAsync(RecordStream stream, string producer, long sequence, string message) =>
        (await Records.AppendAsync(stream, [new RecordEvent(10, message)], default, new BatchKey(producer, sequence))).Status;

    [Fact]
    public async Task SumsAreKeptWithTheStreams()
    {
        Assert.Null(await Records.SummarizeStreamAsync(A, default));
        await AppendAsync(A, (20, "été"), (10, "x"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await AppendAsync(A, (15, "yy"));
        await AppendAsync(new RecordStream(Scope, Group, "api/aa"), (1, "z"));
        await AppendAsync(C, (1, "z"));
        var now = Clock.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal(new RecordStreamSummary(A.Name, 3, 8, 10, 20, now), await Records.SummarizeStreamAsync(A, default));
        Assert.Equal(new RecordGroupSummary(3, 5, 10), await Records.SummarizeGroupAsync(Scope, Group, default));
        Assert.Equal(["api/a", "api/aa", "web/c"], (await Records.ListStreamsAsync(Scope, Group, default)).Select(one => one.Stream));
        Assert.Equal(["api/aa"], (await Records.ListStreamsAsync(Scope, Group, default, "api/", "api/a")).Select(one => one.Stream));
        Assert.Equal(["api/a"], (await Records.ListStreamsAsync(Scope, Group, default, limit: 1)).Select(one => one.Stream));
        Assert.Null(await Records.SummarizeStreamAsync(A with { Name = "api" }, default));
    }

    [Fact]
    public async Task ARemovedStreamIsGoneAtOnceAndMayBeginAnew()
    {
        await SendAsync(A, "node-1", 7, "old");
        await AppendAsync(B, (10, "kept"));
        Assert.True(await Records.RemoveStreamAsync(A, default));
        Assert.False(await Records.RemoveStreamAsync(A, default));
        Assert.Empty(await StreamAsync(A));
        Assert.Equal(["kept"], await GroupAsync(RecordStreamFilter.All));
        Assert.Equal(new RecordGroupSummary(1, 1, 4), await Records.SummarizeGroupAsync(Scope, Group, default));
        Assert.Equal(AppendStatus.Appended, await SendAsync(A, "node-1", 1, "new"));
        Assert.Equal(["new"], await StreamAsync(A));
    }

    [Fact]
    public async Task ARemovedGroupTakesItsStreamsAndNoOthers()
    {
        var other = new RecordStream(Scope, "/other", "api/a");
        await AppendAsync(A, (10, "a"));
        await AppendAsync(C, (10, "c"));
        await AppendAsync(other, (10, "other"));
        await Records.RemoveGroupAsync(Scope, Group, default);
        Assert.Empty(await GroupAsync(RecordStreamFilter.All));
        Assert.Empty(await Records.ListStreamsAsync(Scope, Group, default));
        Assert.Equal(["other"], await StreamAsync(other));
        await AppendAsync(A, (11, "again"));
        Assert.Equal(["again"], await GroupAsync(RecordStreamFilter.All));
    }

    [Fact]
    public async Task RetentionRemovesOldEventsInStepsAndCorrectsTheSums()
    {
        await AppendAsync(A, [.. Enumerable.Range(0, 45).Select(i => ((long)i, "0123456789"))]);
        await AppendAsync(B, (5, "old"), (100, "young"));
        Assert.Equal(36, await Records.RemoveOlderAsync(Scope, Group, 35, default));
        Assert.Equal(0, await Records.RemoveOlderAsync(Scope, Group, 35, default));
        Assert.Equal((10, 100, 35, 44), Sums((await Records.SummarizeStreamAsync(A, default))!));
        Assert.Equal((1, 5, 100, 100), Sums((await Records.SummarizeStreamAsync(B, default))!));
        Assert.Equal(11, (await GroupAsync(RecordStreamFilter.All)).Count());
        Assert.Equal(11, await Records.RemoveOlderAsync(Scope, Group, 1000, default));
        var empty = (await Records.SummarizeStreamAsync(A, default))!;
        Assert.Equal((0, 0, null, null), (empty.Events, empty.Bytes, empty.FirstMs, empty.LastMs));

        static (long, long, long?, long?) Sums(RecordStreamSummary sums) => (sums.Events, sums.Bytes, sums.FirstMs, sums.LastMs);
    }

    [Fact]
    public async Task ResetLeavesNothingAndIdsGoOn()
    {
        var before = await AppendAsync(A, (10, "a"));
        await Records.ResetAsync(default);
        Assert.Empty(await StreamAsync(A));
        Assert.Empty(await Records.ListStreamsAsync(Scope, Group, default));
        Assert.True((await AppendAsync(A, (10, "b"))).FirstId > before.LastId);
        Assert.Equal(["b"], await StreamAsync(A));
    }

    [Fact]
    public async Task ManyWritersShareTheStoreWithoutLoss()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async writer =>
        {
            for (var i = 0; i < 10; i++)
            {
                await AppendAsync(new RecordStream(Scope, Group, $"s{writer % 4}"), (writer, $"{writer}/{i}"), (writer, $"{writer}/{i}+"));
            }
        }));
        var sums = await Records.SummarizeGroupAsync(Scope, Group, default);
        Assert.Equal((4, 800), (sums.Streams, sums.Events));
        var seen = new HashSet<long>();
        RecordPosition? after = null;
        while (true)
        {
            var page = await Records.ReadGroupAsync(Scope, Group, RecordStreamFilter.All, new RecordRange { Limit = 90, After = after }, default);
            Assert.All(page.Records, one => Assert.True(seen.Add(one.Id)));
            if (!page.More)
            {
                break;
            }
            after = page.Records[^1].Position;
        }
        Assert.Equal(Enumerable.Range(1, 800).Select(i => (long)i), seen.Order());
    }

    [Fact]
    public async Task ABatchOverTheBoundIsABugOfTheCaller() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => AppendAsync(A, [.. Enumerable.Range(0, 1001).Select(i => ((long)i, "x"))]));
}

public sealed class SqliteRecordStoreTests : RecordStoreConformance, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("longspan-records-");

    protected override RecordBackend MakeBackend() => new SqliteRecordBackend(Path.Combine(folder.FullName, "records.db"));

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task TheSpaceOfRemovedStreamsComesBack()
    {
        var stream = new RecordStream(Scope, "g", "s");
        for (var batch = 0; batch < 12; batch++)
        {
            await Records.AppendAsync(stream, [.. Enumerable.Range(0, 1000).Select(i => new RecordEvent(i, "x"))], default, new BatchKey("p", batch));
        }
        await Records.RemoveStreamAsync(stream, default);
        // A reopened store takes up a purge that the last process did not finish.
        await Records.DisposeAsync();
        await InitializeAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        long left;
        while ((left = Count("events") + Count("doomed") + Count("producers")) > 0)
        {
            Assert.False(deadline.IsCancellationRequested, $"{left} rows were never purged.");
            await Task.Yield();
        }
    }

    private long Count(string table)
    {
        using var session = SqliteSession.OpenReader(Path.Combine(folder.FullName, "records.db"));
        return session.Scalar($"SELECT count(*) FROM {table}");
    }
}
