using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>
/// Fair queues: groups on a standard queue. What a quiet tenant waits is said in positions, never in seconds: the letters of what was handed out, in order.
/// </summary>
public sealed class FairQueueTests : IAsyncLifetime
{
    private const long Queue = 1;

    /// <summary>A window of some dozens of messages, so that a backlog of a few hundred is nearly all on disk.</summary>
    private static readonly SqliteMessageSettings Small = new()
    {
        CheckpointBytes = 4_000, WindowBytes = 2_000, LowWater = 20, PageSize = 40, MinimumShare = 1_000,
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-fair-");
    private readonly ManualClock _clock = new();
    private SqliteMessageBackend _store = null!;
    private int _number;

    public Task InitializeAsync() => OpenAsync(SqliteMessageSettings.Default);

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task QuietTenantsAreServedOnceANoisyOneHasTakenItsShare()
    {
        await SendAsync("A", 200);
        await SendAsync("B", 2);
        await SendAsync("C", 2);
        await SendAsync("B", 1);
        Assert.Equal(Many("A", 30) + "BBCCB" + Many("A", 5), await ReceiveAsync(40));
    }

    [Fact]
    public async Task MessagesWithoutAGroupAreQuiet()
    {
        await SendAsync("A", 200);
        await SendAsync(null, 3);
        Assert.Equal(Many("A", 30) + "---" + "AA", await ReceiveAsync(35));
    }

    [Fact]
    public async Task ANoisyTenantAloneGetsEverythingInOrder()
    {
        await SendAsync("A", 100);
        Assert.Equal(Many("A", 100), await ReceiveAsync(100));
        Assert.Equal(Enumerable.Range(0, 100), _received.Select(m => BitConverter.ToInt32(m.Payload)));
    }

    [Fact]
    public async Task AmongNoisyTenantsTheOneWithFewerInFlightIsNext()
    {
        await SendAsync("A", 100);
        await SendAsync("B", 100);
        Assert.Equal(Many("A", 30) + Many("B", 30) + "ABABABABAB", await ReceiveAsync(70));
    }

    [Fact]
    public async Task OrderIsByAgeAgainWhenANoisyTenantHasBecomeQuiet()
    {
        await SendAsync("A", 50);
        await ReceiveAsync(31);
        await DeleteAsync(31);
        await SendAsync("B", 3);
        Assert.Equal(Many("A", 19) + "BBB", await ReceiveAsync(22));
    }

    [Fact]
    public async Task OneSlowConsumerIsEnoughToTellWhoIsNoisy()
    {
        await SendAsync("A", 50);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("A", await ReceiveAsync(1));
            _clock.Advance(TimeSpan.FromSeconds(1));
            await DeleteAsync(1);
        }
        await SendAsync("B", 1);
        Assert.Equal("BAA", await ReceiveAsync(3));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await DeleteAsync(3);
        await SendAsync("B", 1);
        Assert.Equal("BA", await ReceiveAsync(2));
    }

    [Fact]
    public async Task DelayedAndReturnedMessagesOfQuietTenantsGoFirstToo()
    {
        await SendAsync("A", 200);
        await SendAsync("B", 1, TimeSpan.FromSeconds(5));
        await ReceiveAsync(40);
        Assert.Equal("AA", await ReceiveAsync(2));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("BA", await ReceiveAsync(2, visibility: 1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("BA", await ReceiveAsync(2));
        Assert.Equal(2, _received[^2].Receipt.Delivery);
    }

    [Fact]
    public async Task WornOutMessagesOfATenantAreDeadLettered()
    {
        await _store.OpenAsync(2, new QueueSettings(), default);
        await _store.OpenAsync(Queue, new QueueSettings { MaximumReceives = 1, DeadLetterQueue = 2 }, default);
        await SendAsync("A", 40);
        await SendAsync("B", 1);
        Assert.Equal(Many("A", 30) + "BA", await ReceiveAsync(32, visibility: 1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Many("A", 9), await ReceiveAsync(20));
        Assert.Equal(new QueueDepth(32, 0, 0), await _store.DepthAsync(2, default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AQuietTenantIsFoundBehindANoisyBacklogOnDisk(bool restart)
    {
        await ReopenAsync(Small);
        await SendAsync("A", 1_500);
        await SendAsync("B", 40);
        await SendAsync(null, 3);
        await SendAsync("A", 500);
        await UntilMostIsOnDiskAsync();
        Assert.Equal(Many("A", 30), await ReceiveAsync(30));
        if (restart)
        {
            await ReopenAsync(Small);
        }
        // The scout brings the groups by name and some of each at a time: it is about being before the noisy, not about the order among them.
        var next = await ReceiveAsync(30 + 3);
        Assert.DoesNotContain("A", next, StringComparison.Ordinal);
        // With more than 30 in flight B would be noisy itself.
        await _store.DeleteAsync(Queue, [.. _received.Where(m => m.GroupId == "B").Select(m => m.Receipt)], default);
        Assert.Equal(Many("B", 10), await ReceiveAsync(10));
        var rest = await ReceiveAsync(2_000);
        Assert.Equal(Many("A", 1_970), rest);
        Assert.Equal(2_043, _received.Select(m => m.Receipt.Sequence).Distinct().Count());
        Assert.Equal(0, (await _store.DepthAsync(Queue, default)).Visible);
    }

    [Fact]
    public async Task WhatAQuietTenantSendsDoesNotQueueUpBehindANoisyBacklogOnDisk()
    {
        await ReopenAsync(Small);
        await SendAsync("A", 1_000);
        await UntilMostIsOnDiskAsync();
        Assert.Equal(Many("A", 31), await ReceiveAsync(31));
        for (var i = 0; i < 20; i++)
        {
            await SendAsync("A", 3);
            await SendAsync("B", 1);
            Assert.Equal("B", await ReceiveAsync(1));
            await DeleteAsync(1);
            Assert.Equal("A", await ReceiveAsync(1));
        }
    }

    [Fact]
    public async Task ManyQuietTenantsBehindANoisyBacklogAreAllFoundFirst()
    {
        await ReopenAsync(Small);
        await SendAsync("A", 1_000);
        for (var i = 0; i < 300; i++)
        {
            await SendAsync($"t{i}", 1);
        }
        await SendAsync("A", 400);
        await UntilMostIsOnDiskAsync();
        Assert.Equal(Many("A", 30), await ReceiveAsync(30));
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(Many("t", 10), await ReceiveAsync(10));
            await DeleteAsync(10);
        }
        Assert.Equal(Many("A", 10), await ReceiveAsync(10));
    }

    [Fact]
    public async Task GroupsThatAnEarlierVersionStoredAreFound()
    {
        await _store.DisposeAsync();
        var path = Path.Combine(_folder.FullName, "messages.db");
        File.Delete(path);
        foreach (var journal in Directory.GetFiles(_folder.FullName, "*.log"))
        {
            File.Delete(journal);
        }
        using (var old = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            old.Open();
            using var command = old.CreateCommand();
            command.CommandText = FirstSchema + """
                INSERT INTO queue VALUES(1, 0), (2, 1);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200)
                  INSERT INTO delivery SELECT 1, i, 0, 1767225600000, 0, 0, randomblob(16), CASE WHEN i<200 THEN 'A' ELSE 'B' END, NULL FROM n;
                INSERT INTO delivery VALUES(2, 201, 0, 1767225600000, 0, 0, randomblob(16), 'F', NULL);
                INSERT INTO payload SELECT seq, x'00000000' FROM delivery;
                INSERT INTO meta VALUES('next_sequence', 202);
                PRAGMA user_version=1;
                """;
            command.ExecuteNonQuery();
        }
        await OpenAsync(Small);
        Assert.Equal(Many("A", 30) + "BA", await ReceiveAsync(32));
        await _store.OpenAsync(2, new QueueSettings { Fifo = true }, default);
        var fifo = await _store.ReceiveAsync(2, new ReceiveOrder(1, TimeSpan.Zero, TimeSpan.Zero), default);
        Assert.Equal("F", Assert.Single(fifo.Messages).GroupId);
    }

    /// <summary>The tables as they were first released; never changed.</summary>
    private const string FirstSchema = """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE queue(id INTEGER PRIMARY KEY, fifo INTEGER NOT NULL);
        CREATE TABLE delivery(
          queue INTEGER NOT NULL, seq INTEGER NOT NULL, visible_at INTEGER NOT NULL, sent_at INTEGER NOT NULL,
          receive_count INTEGER NOT NULL, first_received_at INTEGER NOT NULL, message_id BLOB NOT NULL,
          group_id TEXT, source TEXT, PRIMARY KEY(queue, seq)) WITHOUT ROWID;
        CREATE INDEX delivery_scheduled ON delivery(queue, seq) WHERE visible_at > 0;
        CREATE TABLE payload(seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE deduplication(
          expires_at INTEGER NOT NULL, queue INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL,
          message_id BLOB NOT NULL, PRIMARY KEY(expires_at, queue, key)) WITHOUT ROWID;
        """;

    private readonly List<ReceivedMessage> _received = [];

    private static string Many(string letter, int count) => string.Concat(Enumerable.Repeat(letter, count));

    private async Task SendAsync(string? group, int count, TimeSpan delay = default)
    {
        for (var sent = 0; sent < count;)
        {
            var size = Math.Min(10, count - sent);
            await _store.SendAsync(
                Queue, [.. Enumerable.Range(_number, size).Select(n => MessageBackendTests.Numbered(n, group) with { Delay = delay })], default);
            _number += size;
            sent += size;
        }
    }

    /// <summary>The groups' first letters of the next messages, in the order in which they were handed out.</summary>
    private async Task<string> ReceiveAsync(int count, int visibility = 3_600)
    {
        var letters = "";
        while (letters.Length < count)
        {
            var order = new ReceiveOrder(Math.Min(10, count - letters.Length), TimeSpan.FromSeconds(visibility), TimeSpan.Zero);
            var reception = await _store.ReceiveAsync(Queue, order, default);
            if (reception.Messages.Count == 0)
            {
                break;
            }
            _received.AddRange(reception.Messages);
            letters += string.Concat(reception.Messages.Select(m => m.GroupId?[..1] ?? "-"));
        }
        return letters;
    }

    private async Task DeleteAsync(int last) => await _store.DeleteAsync(Queue, [.. _received[^last..].Select(m => m.Receipt)], default);

    private async Task ReopenAsync(SqliteMessageSettings settings)
    {
        await _store.DisposeAsync();
        await OpenAsync(settings);
    }

    private async Task OpenAsync(SqliteMessageSettings settings)
    {
        _store = SqliteMessageBackend.Open(_folder.FullName, _clock, settings);
        await _store.OpenAsync(Queue, new QueueSettings(), default);
    }

    private async Task UntilMostIsOnDiskAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        for (var count = int.MaxValue; count > 400; count = await _store.CountInMemoryAsync())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < TimeSpan.FromSeconds(30), $"{count} messages in memory");
            await Task.Yield();
        }
    }
}
