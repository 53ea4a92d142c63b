using Longspan.Store.Documents;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>A watcher sees exactly what was committed, in order, or is told that it cannot.</summary>
public abstract class DocumentWatchConformance : DocumentLogCase
{
    protected override DocumentLogSettings Settings => DocumentLogSettings.Default with
    {
        WatcherChanges = 50,
        WatcherPage = 7,
        HistoryRevisions = 100,
        TrimEvery = 10,
    };

    [Fact]
    public async Task HistoryComesFirstThenWhatHappensNext()
    {
        for (var i = 0; i < 20; i++)
        {
            await PutAsync($"n{i}", "x");
        }
        await using var watch = new Watcher(Log, 5);
        for (var revision = 6; revision <= 20; revision++)
        {
            Assert.Equal(revision, (await watch.NextAsync()).Revision);
        }
        await PutAsync("late", "x");
        var change = await watch.NextAsync();
        Assert.Equal(new DocumentChange(21, new DocumentKey(Plain.Name, Scope, "late"), false, false), change);
        await Log.CommitAsync(new Commit().Delete((await Log.GetAsync(Plain, Scope, "late", default))!), default);
        Assert.Equal(change with { Revision = 22, Deleted = true }, await watch.NextAsync());
    }

    [Fact]
    public async Task AllChangesOfACommitComeTogetherInItsOrder()
    {
        var commit = new Commit();
        for (var i = 20; i > 0; i--)
        {
            commit.Put(Plain, Scope, $"n{i}", new Sample("x"));
        }
        await Log.CommitAsync(commit, default);
        await PutAsync("next", "x");
        await using var watch = new Watcher(Log, 0);
        for (var i = 20; i > 0; i--)
        {
            Assert.Equal((1, $"n{i}"), await NextAsync());
        }
        Assert.Equal((2, "next"), await NextAsync());

        async Task<(long, string)> NextAsync()
        {
            var change = await watch.NextAsync();
            return (change.Revision, change.Key.Name);
        }
    }

    [Fact]
    public async Task WritersAndAWatcherTogetherMissNothing()
    {
        await using var watch = new Watcher(Log, 0);
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await PutAsync($"w{writer}-{i}", "x");
            }
        })).ToArray();
        // 80 changes with a bound of 50: reading along is what keeps the watcher within it; a resync would be legal but is counted.
        var seen = new HashSet<string>();
        var last = 0L;
        while (seen.Count < 80)
        {
            var change = await watch.NextAsync();
            Assert.True(change.Revision > last, $"{change.Revision} after {last}");
            last = change.Revision;
            if (change.Resync)
            {
                seen.UnionWith((await Log.ListAsync(Plain, Scope, default)).Select(one => one.Key.Name));
                continue;
            }
            Assert.Equal(change.Key.Name, (await Log.GetAsync(Plain, Scope, change.Key.Name, default))!.Key.Name);
            seen.Add(change.Key.Name);
        }
        await Task.WhenAll(writers);
        Assert.Equal(80, Log.Revision);
    }

    [Fact]
    public async Task AReaderThatFallsBehindIsToldToListAgain()
    {
        await using var watch = new Watcher(Log, 0);
        await PutAsync("first", "x");
        Assert.Equal(1, (await watch.NextAsync()).Revision);
        var pending = 60;
        for (var i = 0; i < pending; i++)
        {
            await PutAsync($"n{i}", "x");
        }
        // What was taken before the bound broke may come first; then the resync, at the revision that covers all of it.
        var change = await watch.NextAsync();
        while (!change.Resync)
        {
            change = await watch.NextAsync();
        }
        Assert.Equal(Log.Revision, change.Revision);
        Assert.Equal(default, change.Key);
        await PutAsync("after", "x");
        Assert.Equal("after", (await watch.NextAsync()).Key.Name);
    }

    [Fact]
    public async Task TrimmedHistoryIsAnExplicitAnswer()
    {
        for (var i = 0; i < 200; i++)
        {
            await PutAsync("n", "x");
        }
        await using (var old = new Watcher(Log, 1))
        {
            var change = await old.NextAsync();
            Assert.True(change.Resync);
            Assert.Equal(200, change.Revision);
        }
        await using var recent = new Watcher(Log, 150);
        Assert.Equal(new DocumentChange(151, new DocumentKey(Plain.Name, Scope, "n"), false, false), await recent.NextAsync());
    }

    [Fact]
    public async Task HistoryIsTrimmedByAge()
    {
        for (var i = 0; i < 15; i++)
        {
            await PutAsync("n", "x");
        }
        Clock.Advance(Settings.HistoryAge + TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
        {
            await PutAsync("n", "x");
        }
        await using (var old = new Watcher(Log, 14))
        {
            Assert.True((await old.NextAsync()).Resync);
        }
        await using var recent = new Watcher(Log, 15);
        Assert.Equal(16, (await recent.NextAsync()).Revision);
    }

    [Fact]
    public async Task APositionFromAnotherLifeIsRefused()
    {
        await PutAsync("n", "x");
        await using var watch = new Watcher(Log, 1_000_000);
        Assert.Equal(new DocumentChange(1, default, false, true), await watch.NextAsync());
    }

    [Fact]
    public async Task WatchersStartOverAfterAReset()
    {
        await PutAsync("n", "x");
        await using var watch = new Watcher(Log, 0);
        Assert.Equal(1, (await watch.NextAsync()).Revision);
        await Log.ResetAsync(default);
        Assert.Equal(new DocumentChange(Log.Revision, default, false, true), await watch.NextAsync());
        await using var late = new Watcher(Log, 1);
        Assert.True((await late.NextAsync()).Resync);
        await PutAsync("again", "x");
        Assert.Equal("again", (await watch.NextAsync()).Key.Name);
        Assert.Equal("again", (await late.NextAsync()).Key.Name);
    }

    [Fact]
    public async Task HistoryOutlivesTheProcess()
    {
        await PutAsync("a", "x");
        await PutAsync("b", "x");
        await ReopenAsync();
        await using var watch = new Watcher(Log, 1);
        Assert.Equal("b", (await watch.NextAsync()).Key.Name);
    }

    [Fact]
    public async Task AWatchEndsWithItsLogAndWithItsToken()
    {
        await using var watch = Log.WatchAsync(0, default).GetAsyncEnumerator();
        var ended = watch.MoveNextAsync();
        using var stop = new CancellationTokenSource();
        await using var cancelled = Log.WatchAsync(0, stop.Token).GetAsyncEnumerator();
        var refused = cancelled.MoveNextAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await refused);
        await Log.DisposeAsync();
        Assert.False(await ended);
        await InitializeAsync();
    }

    /// <summary>A watch whose waits have a deadline.</summary>
    private sealed class Watcher(DocumentLog log, long after) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<DocumentChange> changes = log.WatchAsync(after, default).GetAsyncEnumerator();

        public async Task<DocumentChange> NextAsync()
        {
            Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)), "The watch ended.");
            return changes.Current;
        }

        public ValueTask DisposeAsync() => changes.DisposeAsync();
    }
}
