using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>
/// The message backend against its model: seeded sequences of operations on a store whose bounds are so small that checkpoints,
/// eviction, paging and recovery happen all the time.
/// </summary>
public sealed class MessageBackendTests
{
    private static readonly SqliteMessageSettings Tiny = new()
    {
        CheckpointBytes = 2_000, CheckpointEntries = 20, MaximumJournalBytes = 20_000, WindowBytes = 600, LowWater = 3, PageSize = 4, MinimumShare = 200,
    };

    private static readonly SqliteMessageSettings Small = new()
    {
        CheckpointBytes = 20_000, WindowBytes = 5_000, LowWater = 20, PageSize = 25, MinimumShare = 1_000,
    };

    public static TheoryData<bool, int> Seeds()
    {
        var data = new TheoryData<bool, int>();
        for (var seed = 1; seed <= 8; seed++)
        {
            data.Add(false, seed);
            data.Add(true, seed);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task TheStoreDoesWhatTheModelDoes(bool fifo, int seed)
    {
        await using var run = new ModelRun(fifo, seed, seed % 2 == 0 ? Tiny : Small);
        await run.RunAsync(steps: 500);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task AFairQueueDoesWhatTheModelDoes(int seed)
    {
        await using var run = new ModelRun(fifo: false, seed, seed % 2 == 0 ? Tiny : Small, tenants: true);
        await run.RunAsync(steps: 600);
    }

    [Fact]
    public async Task ALargeBacklogIsReadBackInOrderAndCountedExactly()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-messages-");
        var clock = new ManualClock();
        const int Count = 3_000;
        await using (var store = SqliteMessageBackend.Open(folder.FullName, clock, Small))
        {
            await store.OpenAsync(1, new QueueSettings { Fifo = true }, default);
            for (var i = 0; i < Count; i += 10)
            {
                await store.SendAsync(1, [.. Enumerable.Range(i, 10).Select(n => Numbered(n, $"g{n % 7}"))], default);
            }
            Assert.Equal(new QueueDepth(Count, 0, 0), await store.DepthAsync(1, default));
        }
        await using var again = SqliteMessageBackend.Open(folder.FullName, clock, Small);
        await again.OpenAsync(1, new QueueSettings { Fifo = true }, default);
        Assert.Equal(new QueueDepth(Count, 0, 0), await again.DepthAsync(1, default));
        var last = new Dictionary<string, int>();
        for (var got = 0; got < Count;)
        {
            var reception = await again.ReceiveAsync(1, new ReceiveOrder(10, TimeSpan.FromMinutes(1), TimeSpan.Zero), default);
            Assert.NotEmpty(reception.Messages);
            foreach (var message in reception.Messages)
            {
                var number = BitConverter.ToInt32(message.Payload);
                Assert.True(!last.TryGetValue(message.GroupId!, out var before) || before < number, "order within the group");
                last[message.GroupId!] = number;
                got++;
            }
            await again.DeleteAsync(1, [.. reception.Messages.Select(m => m.Receipt)], default);
        }
        Assert.Equal(new QueueDepth(0, 0, 0), await again.DepthAsync(1, default));
        await again.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task MemoryHoldsAWindowOfTheBacklogOnly()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-messages-");
        var clock = new ManualClock();
        await using (var store = SqliteMessageBackend.Open(folder.FullName, clock, Small))
        {
            await store.OpenAsync(1, new QueueSettings(), default);
            for (var i = 0; i < 200; i++)
            {
                await store.SendAsync(1, [.. Enumerable.Range(0, 10).Select(n => Numbered(n, null))], default);
            }
            var count = 0;
            await Eventually(
                async () => (count = await store.CountInMemoryAsync()) < 1_000, () => $"{count} messages in memory", () => { });
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task TheSpaceOfExpiredMessagesIsFreed()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-messages-");
        var clock = new ManualClock();
        await using (var store = SqliteMessageBackend.Open(folder.FullName, clock, Small))
        {
            await store.OpenAsync(1, new QueueSettings { Retention = TimeSpan.FromMinutes(5) }, default);
            for (var i = 0; i < 100; i++)
            {
                await store.SendAsync(1, [.. Enumerable.Range(0, 10).Select(n => Numbered(n, null))], default);
            }
            clock.Advance(TimeSpan.FromMinutes(6));
            await Eventually(
                async () => (await store.DepthAsync(1, default)).Visible == 0, () => "expired messages are still counted", () => clock.Advance(TimeSpan.FromMinutes(1)));
            var reception = await store.ReceiveAsync(1, new ReceiveOrder(10, TimeSpan.Zero, TimeSpan.Zero), default);
            Assert.Empty(reception.Messages);
        }
        await using (var cold = new SqliteProbe(Path.Combine(folder.FullName, "messages.db")))
        {
            Assert.Equal(0, cold.Count("delivery"));
            Assert.Equal(0, cold.Count("payload"));
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task ACutJournalTailIsForgottenAndDamageBeforeItIsRefused()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-messages-");
        var copy = Directory.CreateTempSubdirectory("longspan-messages-");
        var clock = new ManualClock();
        await using (var store = SqliteMessageBackend.Open(folder.FullName, clock))
        {
            await store.OpenAsync(1, new QueueSettings(), default);
            await store.SendAsync(1, [Numbered(1, null)], default);
            await store.SendAsync(1, [Numbered(2, null)], default);
            CopyFolder(folder.FullName, copy.FullName);
        }
        var journal = Directory.GetFiles(copy.FullName, "journal-*.log").Order().Last();
        await using (var torn = new FileStream(journal, FileMode.Append))
        {
            torn.Write(new byte[100]);
        }
        // Twice: what the first opening leaves behind must not look like damage to the second.
        for (var i = 0; i < 2; i++)
        {
            await using var store = SqliteMessageBackend.Open(copy.FullName, clock);
            await store.OpenAsync(1, new QueueSettings(), default);
            Assert.Equal(2, (await store.DepthAsync(1, default)).Visible);
            CopyFolder(copy.FullName, folder.FullName);
        }
        folder.Delete(recursive: true);
        copy.Delete(recursive: true);
    }

    [Fact]
    public async Task DeliveriesRecordedByAnEarlierVersionAreRead()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-messages-");
        var copy = Directory.CreateTempSubdirectory("longspan-messages-");
        var clock = new ManualClock();
        var later = clock.GetUtcNow().AddMinutes(1).ToUnixTimeMilliseconds();
        long sequence;
        await using (var store = SqliteMessageBackend.Open(folder.FullName, clock))
        {
            await store.OpenAsync(1, new QueueSettings(), default);
            sequence = (await store.SendAsync(1, [Numbered(1, null)], default))[0].Sequence;
            await store.HoldCheckpointsAsync();
            CopyFolder(folder.FullName, copy.FullName);
        }
        using (var journal = new Journal(copy.FullName))
        {
            journal.Replay(0, _ => { }, new Damage(copy.FullName, clock));
            journal.Rotate();
            var buffer = new RedoBuffer();
            buffer.Skip(Journal.HeaderLength + 37);
            // Kind 5, queue, sequence, visible from, first received, deliveries.
            var record = buffer.Header(Journal.HeaderLength + 37)[Journal.HeaderLength..];
            record[0] = 5;
            long[] values = [1, sequence, later, later - 60_000];
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(record[1..]);
            record[33] = 1;
            journal.Append(buffer);
        }
        await using (var store = SqliteMessageBackend.Open(copy.FullName, clock))
        {
            await store.OpenAsync(1, new QueueSettings(), default);
            Assert.Equal(new QueueDepth(0, 1, 0), await store.DepthAsync(1, default));
            var change = new VisibilityChange(new Receipt(sequence, 1), TimeSpan.FromHours(12));
            Assert.Equal([ReceiptOutcome.Done], await store.ChangeVisibilityAsync(1, [change], default));
        }
        folder.Delete(recursive: true);
        copy.Delete(recursive: true);
    }

    internal static NewMessage Numbered(int number, string? group) =>
        new(Guid.CreateVersion7(), [.. BitConverter.GetBytes(number), .. new byte[20]]) { GroupId = group };

    internal static void CopyFolder(string from, string to)
    {
        foreach (var old in Directory.GetFiles(to))
        {
            File.Delete(old);
        }
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private static async Task Eventually(Func<Task<bool>> condition, Func<string> state, Action between)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(20), state());
            between();
            await Task.Yield();
        }
    }
}
