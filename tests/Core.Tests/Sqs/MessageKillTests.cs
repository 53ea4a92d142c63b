using System.Diagnostics;
using System.Globalization;
using Longspan.Crash;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>
/// Producers and consumers in a process of their own, killed at moments that their progress decides. After each kill the history of
/// what was acknowledged is held against what the store then contains.
/// </summary>
public sealed class MessageKillTests
{
    private const int Rounds = 12;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task NothingIsLostOrResurrectedByKills()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-mkill-");
        var history = new MessageHistory();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var line in await RunAndKillAsync(folder.FullName, round, history.LastFifo, killAfterLines: 1 + (round * 400)))
            {
                history.Take(line);
            }
            Assert.Empty(history.Check(await ContentsAsync(folder.FullName)));
        }
        Assert.True(history.Deleted > 1_000, $"Only {history.Deleted} deletes were acknowledged; the kills proved little.");
        folder.Delete(recursive: true);
    }

    [Fact]
    public void TheHistoryFindsEachKindOfViolation()
    {
        StoredMessage[] both = [new(2, 10, "a", 1), new(2, 11, "a", 2)];
        Assert.Empty(With("s 2 10 a 1", "s 2 11 a 2").Check(both));
        Assert.Contains("lost", With("s 2 10 a 1", "s 2 11 a 2").Check(both[..1])[0]);
        Assert.Contains("deleted", With("s 2 10 a 1", "v 10", "w 10", "x 10", "s 2 11 a 2").Check(both)[0]);
        Assert.Empty(With("s 2 10 a 1", "v 10", "w 10", "s 2 11 a 2").Check(both[1..]));
        Assert.Contains("order", With("s 2 10 a 1", "s 2 11 a 2").Check([new(2, 10, "a", 2), new(2, 11, "a", 1)])[0]);
        Assert.Contains("twice", With("v 10", "v 10").Check([])[0]);
        Assert.Contains("number 1 is stored", With("s 2 10 a 1").Check([new(2, 10, "a", 1), new(2, 12, "a", 1)])[0]);
        Assert.Contains("bad", With("e bad").Check([])[0]);

        static MessageHistory With(params string[] lines)
        {
            var history = new MessageHistory();
            foreach (var line in lines)
            {
                history.Take(line);
            }
            return history;
        }
    }

    /// <summary>All that a copy of the folder holds, seen two hours later, when nothing is in flight any more.</summary>
    private static async Task<List<StoredMessage>> ContentsAsync(string folder)
    {
        var copy = Directory.CreateTempSubdirectory("longspan-mkill-copy-");
        MessageBackendTests.CopyFolder(folder, copy.FullName);
        var contents = new List<StoredMessage>();
        var later = new ManualClock(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(2));
        await using (var store = SqliteMessageBackend.Open(copy.FullName, later, MessageLoad.Settings))
        {
            await store.OpenAsync(MessageLoad.Standard, new QueueSettings(), default);
            await store.OpenAsync(MessageLoad.Fifo, new QueueSettings { Fifo = true }, default);
            foreach (var queue in (long[])[MessageLoad.Standard, MessageLoad.Fifo])
            {
                var depth = await store.DepthAsync(queue, default);
                var before = contents.Count;
                while (await store.ReceiveAsync(queue, new ReceiveOrder(10, TimeSpan.FromHours(1), TimeSpan.Zero), default) is { Messages.Count: > 0 } reception)
                {
                    contents.AddRange(reception.Messages.Select(
                        m => new StoredMessage(queue, m.Receipt.Sequence, m.GroupId, BitConverter.ToInt64(m.Payload))));
                    await store.DeleteAsync(queue, [.. reception.Messages.Select(m => m.Receipt)], default);
                }
                Assert.Equal(new QueueDepth(contents.Count - before, 0, 0), depth);
            }
        }
        copy.Delete(recursive: true);
        return contents;
    }

    private static async Task<List<string>> RunAndKillAsync(string folder, int round, string last, int killAfterLines)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", typeof(MessageLoad).Assembly.Location, folder, "messages", round.ToString(CultureInfo.InvariantCulture), last },
        };
        using var process = Process.Start(start)!;
        try
        {
            using var deadline = new CancellationTokenSource(Deadline);
            var faults = process.StandardError.ReadToEndAsync(deadline.Token);
            var said = new List<string>();
            while (said.Count < killAfterLines)
            {
                said.Add(await process.StandardOutput.ReadLineAsync(deadline.Token)
                    ?? throw new InvalidOperationException($"The process ended by itself after {said.Count} lines: {await faults}"));
            }
            process.Kill();
            var rest = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            said.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await process.WaitForExitAsync(deadline.Token);
            return said;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
