using System.Threading.Channels;
using Longspan.Core.Tests.Store;
using Longspan.Kernel.Reconcilers;
using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Kernel;

public sealed class ReconcilerDriverTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-driver-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_reconciler_that_chokes_on_a_change_deafens_nobody()
    {
        await using var store = await StoreFolder.OpenAsync(_folder.FullName, TimeProvider.System);
        var choking = new Passes { Shard = change => change.Key.Name == "bad" ? throw new FormatException("bad") : change.Key.Name };
        var other = new Passes { Shard = change => change.Key.Name };
        await using var driver = Start(store, TimeProvider.System, choking, other);
        await PutAsync(store, "bad");
        await PutAsync(store, "good");

        Assert.Equal("good", await choking.NextAsync());
        Assert.Equal(["bad", "good"], new[] { await other.NextAsync(), await other.NextAsync() }.Order());
    }

    [Fact]
    public async Task What_is_committed_while_the_first_lists_are_made_is_not_missed()
    {
        await using var store = await StoreFolder.OpenAsync(_folder.FullName, TimeProvider.System);
        var late = new Passes { Shard = change => change.Key.Name };
        late.Listing = async () =>
        {
            await PutAsync(store, "late");
            late.Listing = null;
        };
        await using var driver = Start(store, TimeProvider.System, late);
        Assert.Equal("late", await late.NextAsync());
    }

    [Fact]
    public async Task Shards_that_are_gone_are_forgotten_and_those_that_exist_are_not()
    {
        await using var store = await StoreFolder.OpenAsync(_folder.FullName, TimeProvider.System);
        var clock = new Support.ManualClock();
        var passes = new Passes { Shard = change => change.Key.Name, Existing = ["stays"] };
        await using var driver = Start(store, clock, passes);
        Assert.Equal("stays", await passes.NextAsync());
        await PutAsync(store, "goes");
        Assert.Equal("goes", await passes.NextAsync());

        using var limit = new CancellationTokenSource(Deadline);
        while (driver.Status() is not [{ Shard: "stays", LastPass: not null }])
        {
            limit.Token.ThrowIfCancellationRequested();
            clock.Advance(passes.Period);
            await Task.Yield();
        }
    }

    private static ReconcilerDriver Start(StoreFolder store, TimeProvider clock, params Reconciler[] reconcilers)
    {
        var driver = new ReconcilerDriver(store.Documents, reconcilers, clock, NullLogger<ReconcilerDriver>.Instance);
        driver.Start();
        return driver;
    }

    private static async Task PutAsync(StoreFolder store, string name) =>
        Assert.True((await store.Documents.CommitAsync(new Commit().Put(Plain, Scope, name, new Sample(name)), default)).Committed);

    /// <summary>Tells which shards it was run on.</summary>
    private sealed class Passes : Reconciler
    {
        private readonly Channel<string> _run = Channel.CreateUnbounded<string>();

        public required Func<DocumentChange, string?> Shard { get; init; }
        public IReadOnlyList<string> Existing { get; init; } = [];
        public Func<Task>? Listing { get; set; }

        public override string Name => "passes";
        // Long, so that nothing in these tests comes by the timer unless a test moves the clock.
        public override TimeSpan Period => TimeSpan.FromHours(1);

        public async Task<string> NextAsync() => await _run.Reader.ReadAsync().AsTask().WaitAsync(Deadline);

        public override string? ShardOf(DocumentChange change) => Shard(change);

        public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop)
        {
            if (Listing is { } listing)
            {
                await listing();
            }
            return Existing;
        }

        public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
        {
            await _run.Writer.WriteAsync(shard, stop);
            return null;
        }
    }
}
