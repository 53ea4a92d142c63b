using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Sqlite;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>How the log's writer treats a database that refuses, fails or dawdles: a real one, behind a gate that the test holds.</summary>
public sealed class LogWriterTests : IAsyncLifetime, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("longspan-writer-");
    private readonly Sealer sealer = Sealer.Ephemeral();
    private GatedBackend backend = null!;
    private DocumentLog log = null!;

    public async Task InitializeAsync()
    {
        backend = new GatedBackend(new SqliteDocumentBackend(Path.Combine(folder.FullName, "documents.db")));
        log = await DocumentLog.OpenAsync(
            backend, sealer, TimeProvider.System, DocumentLogSettings.Default with { QueueLength = 4, GroupCommits = 3, GroupBytes = 10_000 });
    }

    public async Task DisposeAsync()
    {
        backend.Open();
        await log.DisposeAsync();
    }

    public void Dispose()
    {
        sealer.Dispose();
        folder.Delete(recursive: true);
    }

    private Task<CommitResult> PutAsync(string name, string text = "x", CancellationToken stop = default) =>
        log.CommitAsync(new Commit().Put(Plain, Scope, name, new Sample(text)), stop).AsTask();

    /// <summary>Holds the writer in a first group, so that what follows gathers behind it.</summary>
    private async Task<Task<CommitResult>> OccupyAsync()
    {
        backend.Close();
        var first = PutAsync("first");
        await backend.Arrived.WaitAsync(TimeSpan.FromSeconds(30));
        return first;
    }

    [Fact]
    public async Task WhatWaitsBecomesOneGroupWithinTheBounds()
    {
        var first = await OccupyAsync();
        var waiting = Enumerable.Range(0, 4).Select(i => PutAsync($"n{i}")).Prepend(first).ToArray();
        backend.Open();
        Assert.All(await Task.WhenAll(waiting), result => Assert.True(result.Committed));
        Assert.Equal([1, 3, 1], backend.Groups);
    }

    [Fact]
    public async Task LargeBodiesCloseAGroup()
    {
        var first = await OccupyAsync();
        var large = new string('x', 11_000);
        var waiting = new[] { first, PutAsync("a"), PutAsync("b", large), PutAsync("c") };
        backend.Open();
        await Task.WhenAll(waiting);
        Assert.Equal([1, 2, 1], backend.Groups);
    }

    [Fact]
    public async Task AnImpossibleCommitFailsAlone()
    {
        var first = await OccupyAsync();
        backend.Impossible = "poison";
        var waiting = new[] { PutAsync("a"), PutAsync("poison"), PutAsync("b") };
        backend.Open();
        await Assert.ThrowsAsync<IOException>(() => waiting[1]);
        Assert.True((await waiting[0]).Committed && (await waiting[2]).Committed && (await first).Committed);
        Assert.Equal(["a", "b", "first"], (await log.ListAsync(Plain, Scope, default)).Select(one => one.Key.Name));
        Assert.Equal(3, log.Revision);
    }

    [Fact]
    public async Task AnUnknownOutcomeIsToldToAllAndNotRetried()
    {
        var first = await OccupyAsync();
        backend.Unknown = "lost";
        var waiting = new[] { PutAsync("a"), PutAsync("lost"), PutAsync("b") };
        backend.Open();
        await first;
        foreach (var one in waiting)
        {
            await Assert.ThrowsAsync<CommitUnknownException>(() => one);
        }
        Assert.Equal([1, 3], backend.Groups);
        Assert.True((await PutAsync("next")).Committed);
    }

    [Fact]
    public async Task AFullQueueMakesCallersWaitAndLetsThemGiveUp()
    {
        var first = await OccupyAsync();
        var queued = Enumerable.Range(0, 4).Select(i => PutAsync($"n{i}")).ToArray();
        using var stop = new CancellationTokenSource();
        var outside = PutAsync("outside", stop: stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => outside);
        backend.Open();
        await Task.WhenAll(queued.Prepend(first));
        Assert.Null(await log.GetAsync(Plain, Scope, "outside", default));
    }

    [Fact]
    public async Task AQueuedCommitIsNotWithdrawn()
    {
        var first = await OccupyAsync();
        using var stop = new CancellationTokenSource();
        var queued = PutAsync("queued", stop: stop.Token);
        await stop.CancelAsync();
        backend.Open();
        Assert.True((await queued).Committed);
        Assert.True((await first).Committed);
    }

    [Fact]
    public async Task ClosingFinishesWhatIsQueued()
    {
        var first = await OccupyAsync();
        var queued = Enumerable.Range(0, 4).Select(i => PutAsync($"n{i}")).ToArray();
        var closing = log.DisposeAsync().AsTask();
        backend.Open();
        await closing;
        Assert.All(await Task.WhenAll(queued.Prepend(first)), result => Assert.True(result.Committed));
    }

    /// <summary>Counts groups, and stops, refuses or loses them when told to.</summary>
    private sealed class GatedBackend(DocumentBackend inner) : ForwardingBackend(inner)
    {
        private readonly SemaphoreSlim arrived = new(0);
        private TaskCompletionSource gate = Opened();

        public List<int> Groups { get; } = [];
        public string? Impossible { get; set; }
        public string? Unknown { get; set; }
        public Task Arrived => arrived.WaitAsync();

        public void Close() => gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => gate.TrySetResult();

        private static TaskCompletionSource Opened()
        {
            var open = new TaskCompletionSource();
            open.SetResult();
            return open;
        }

        public override async ValueTask<IReadOnlyList<AppliedCommit>> ApplyAsync(
            IReadOnlyList<PreparedCommit> commits, DateTimeOffset now, CancellationToken stop)
        {
            Groups.Add(commits.Count);
            arrived.Release();
            await gate.Task;
            if (Writes(commits, Impossible))
            {
                throw new IOException("The database cannot take this.");
            }
            if (Writes(commits, Unknown))
            {
                throw new CommitUnknownException("The connection broke.", new IOException("broken"));
            }
            return await base.ApplyAsync(commits, now, stop);
        }

        private static bool Writes(IReadOnlyList<PreparedCommit> commits, string? name) =>
            name is not null && commits.Any(commit => commit.Writes.Any(write => write.Key.Name == name));

        public override async ValueTask DisposeAsync()
        {
            arrived.Dispose();
            await base.DisposeAsync();
        }
    }
}
