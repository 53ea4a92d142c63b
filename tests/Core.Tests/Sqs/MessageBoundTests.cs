using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>What a message store may take, in memory and on disk, whatever is done to it.</summary>
public sealed class MessageBoundTests : IAsyncLifetime
{
    private const long Queue = 1;
    private const int BodyBytes = 1_000;

    private static readonly SqliteMessageSettings Small = new()
    {
        CheckpointBytes = 30_000, WindowBytes = 20_000, LowWater = 20, PageSize = 40, SparePages = 16,
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-bounds-");
    private readonly ManualClock _clock = new();
    private SqliteMessageBackend? _store;
    private int _number;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await CloseAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PayloadsInFlightAreLeftToTheDiskAndComeBackWhole(bool restart)
    {
        var store = await OpenAsync(Small);
        await SendAsync(300);
        var first = await ReceiveAsync(300, TimeSpan.FromMinutes(1));
        await UntilAsync(async () => (await store.MeasureMemoryAsync()).Payload <= 60_000, "payloads in memory");
        Assert.Equal(new QueueDepth(0, 300, 0), await store.DepthAsync(Queue, default));
        if (restart)
        {
            await CloseAsync();
            store = await OpenAsync(Small);
            Assert.Equal(0, (await store.MeasureMemoryAsync()).Payload);
        }
        _clock.Advance(TimeSpan.FromMinutes(1));
        var second = await ReceiveAsync(300, TimeSpan.FromMinutes(1));
        Assert.Equal(first.Select(m => m.Receipt.Sequence).Order(), second.Select(m => m.Receipt.Sequence).Order());
        Assert.All(second, m => Assert.Equal(BodyBytes, m.Payload.Length));
        Assert.Equal(Enumerable.Range(0, 300), second.Select(m => BitConverter.ToInt32(m.Payload)).Order());
    }

    [Fact]
    public async Task PayloadsOfDelayedMessagesAreLeftToTheDiskAndDeadLettersKeepTheirs()
    {
        var store = await OpenAsync(Small);
        await store.OpenAsync(2, new QueueSettings(), default);
        await store.OpenAsync(Queue, new QueueSettings { MaximumReceives = 1, DeadLetterQueue = 2 }, default);
        await SendAsync(300, TimeSpan.FromMinutes(5));
        await UntilAsync(async () => (await store.MeasureMemoryAsync()).Payload <= 60_000, "payloads in memory");
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(300, (await ReceiveAsync(300, TimeSpan.FromSeconds(1))).Count);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(await ReceiveAsync(1, TimeSpan.Zero));
        var dead = await ReceiveAsync(300, TimeSpan.FromMinutes(1), queue: 2);
        Assert.Equal(Enumerable.Range(0, 300), dead.Select(m => BitConverter.ToInt32(m.Payload)).Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DeduplicationTakesLittleMemoryAndIsExactBehindACheckpoint(bool restart)
    {
        const int Count = 20_000;
        var store = await OpenAsync(Small, fifo: true);
        for (var i = 1; i <= Count; i += 100)
        {
            await store.SendAsync(Queue, [.. Enumerable.Range(i, 100).Select(n => Keyed(n, 20))], default);
        }
        await CloseAsync();
        store = await OpenAsync(Small, fifo: true);
        var (_, all) = await store.MeasureMemoryAsync();
        // Nothing else is in memory after a start: two slots of twelve bytes each at most, and a queue.
        Assert.InRange(all, Count * 12, (Count * 2 * 2 * 12) + 10_000);
        if (!restart)
        {
            await store.SendAsync(Queue, [Keyed(Count + 1, 20)], default);
        }
        var repeated = await store.SendAsync(Queue, [Keyed(17, 20), Keyed(Count + 2, 20), Keyed(Count + 2, 20), Keyed(Count, 20)], default);
        Assert.Equal([true, false, true, true], repeated.Select(s => s.Duplicate));
        Assert.Equal(17, repeated[0].Sequence);
        Assert.Equal(repeated[1].Sequence, repeated[2].Sequence);
        Assert.Equal(Count, repeated[3].Sequence);
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.False((await store.SendAsync(Queue, [Keyed(17, 20)], default))[0].Duplicate);
        // Slices go as a whole.
        _clock.Advance(TimeSpan.FromMinutes(7));
        await UntilAsync(async () => (await store.MeasureMemoryAsync()).All < 200_000, "deduplication ids");
    }

    [Fact]
    public async Task AFullMemoryRefusesMessagesAndServesTheRest()
    {
        var store = await OpenAsync(Small with { MemoryBytes = 60_000 });
        var sent = 0;
        await Assert.ThrowsAsync<MessageStoreFullException>(async () =>
        {
            for (; sent < 10_000; sent++)
            {
                await SendAsync(1, sent < 50 ? default : TimeSpan.FromHours(1));
            }
        });
        Assert.InRange(sent, 51, 1_000);
        await Assert.ThrowsAsync<MessageStoreFullException>(async () => await store.OpenAsync(9, new QueueSettings(), default));
        Assert.Equal(sent, (await store.DepthAsync(Queue, default)) is var depth ? depth.Visible + depth.Delayed : 0);
        await store.PurgeAsync(Queue, default);
        await SendAsync(1);
        Assert.Single(await ReceiveAsync(10, TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("expire")]
    [InlineData("purge")]
    public async Task TheFolderDoesNotGrowForEver(string end)
    {
        var store = await OpenAsync(Small with { SweepPeriod = TimeSpan.FromSeconds(10) }, retention: TimeSpan.FromMinutes(1));
        var largest = 0L;
        for (var round = 0; round < 12; round++)
        {
            await SendAsync(500);
            switch (end)
            {
                case "delete":
                    await DeleteAsync(await ReceiveAsync(500, TimeSpan.FromSeconds(30)));
                    break;
                case "expire":
                    _clock.Advance(TimeSpan.FromMinutes(1));
                    break;
                default:
                    await store.PurgeAsync(Queue, default);
                    break;
            }
            await UntilAsync(async () => (await store.DepthAsync(Queue, default)) == default, "messages", () => _clock.Advance(TimeSpan.FromSeconds(10)));
            largest = Math.Max(largest, FolderBytes());
        }
        // Half a megabyte lives at a time, in the journal and in the database; six have gone through both.
        Assert.InRange(largest, 1, 2_500_000);
        await UntilAsync(() => Task.FromResult(DatabaseBytes() < 300_000), "database file", () => _clock.Advance(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task OneSweepRemovesHoweverManyHaveExpired()
    {
        var store = await OpenAsync(Small with { CheckpointBytes = 1_000_000 }, retention: TimeSpan.FromMinutes(1));
        for (var i = 0; i < 250; i++)
        {
            await store.SendAsync(Queue, [.. Enumerable.Range(0, 100).Select(n => MessageBackendTests.Numbered(n, null))], default);
        }
        _clock.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(1));
        await UntilAsync(async () => (await store.DepthAsync(Queue, default)) == default, "messages");
    }

    private static NewMessage Keyed(int number, int bytes) =>
        new(Guid.CreateVersion7(), [.. BitConverter.GetBytes(number), .. new byte[bytes]]) { GroupId = "g", Deduplication = (UInt128)(uint)number * 0x9E3779B97F4A7C15 };

    private async Task<SqliteMessageBackend> OpenAsync(SqliteMessageSettings settings, bool fifo = false, TimeSpan? retention = null)
    {
        _store = SqliteMessageBackend.Open(_folder.FullName, _clock, settings);
        await _store.OpenAsync(Queue, new QueueSettings { Fifo = fifo, Retention = retention ?? TimeSpan.FromDays(4) }, default);
        return _store;
    }

    private async Task CloseAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }

    private async Task SendAsync(int count, TimeSpan delay = default)
    {
        for (var sent = 0; sent < count; sent += 10)
        {
            var batch = Enumerable.Range(_number, Math.Min(10, count - sent))
                .Select(n => new NewMessage(Guid.CreateVersion7(), [.. BitConverter.GetBytes(n), .. new byte[BodyBytes - 4]]) { Delay = delay });
            await _store!.SendAsync(Queue, [.. batch], default);
            _number += Math.Min(10, count - sent);
        }
    }

    private async Task<List<ReceivedMessage>> ReceiveAsync(int count, TimeSpan visibility, long queue = Queue)
    {
        var received = new List<ReceivedMessage>();
        while (received.Count < count)
        {
            var reception = await _store!.ReceiveAsync(queue, new ReceiveOrder(Math.Min(10, count - received.Count), visibility, TimeSpan.Zero), default);
            if (reception.Messages.Count == 0)
            {
                break;
            }
            received.AddRange(reception.Messages);
        }
        return received;
    }

    private async Task DeleteAsync(List<ReceivedMessage> messages)
    {
        foreach (var batch in messages.Chunk(10))
        {
            await _store!.DeleteAsync(Queue, [.. batch.Select(m => m.Receipt)], default);
        }
    }

    /// <summary>Without the database's log, which SQLite starts anew every 16 MiB.</summary>
    private long FolderBytes() => _folder.EnumerateFiles().Where(f => !f.Name.EndsWith("-wal", StringComparison.Ordinal)).Sum(f => f.Exists ? f.Length : 0);

    private long DatabaseBytes() => new FileInfo(Path.Combine(_folder.FullName, "messages.db")).Length;

    private static async Task UntilAsync(Func<Task<bool>> condition, string what, Action? between = null)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < TimeSpan.FromSeconds(30), $"too much is left: {what}");
            between?.Invoke();
            await Task.Yield();
        }
    }
}
