using System.Diagnostics;
using System.Globalization;
using Longspan.Crash;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Longspan.Support.History;
using Xunit;

namespace Longspan.Core.Tests.Sqs.History;

/// <summary>One message store whose process is killed again and again, and the history of all that was asked of it.</summary>
internal sealed class KilledStore(int lane, int seed) : IDisposable
{
    private const int MostLines = 2_500;
    private const long RepeatWithinMicros = 100_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-mkill-");
    private readonly Random _random = new(seed);
    private readonly List<HistoryEvent> _events = [];
    private int _rounds;

    public IReadOnlyList<HistoryEvent> Events => _events;
    /// <summary>Kills that hit a start before it was ready.</summary>
    public int DuringStart { get; private set; }

    public async Task RunAndKillAsync()
    {
        var round = (++_rounds * 10) + lane;
        var carried = Carried();
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "exec", typeof(MessageLoad).Assembly.Location, _folder.FullName, "messages", round.ToString(CultureInfo.InvariantCulture),
                _random.Next().ToString(CultureInfo.InvariantCulture),
            },
        };
        // Its progress decides when it is killed: nearly always amid its work, sometimes while it reads its state back.
        var lines = _random.Next(10) == 0 ? 1 : (int)Math.Pow(MostLines, 0.3 + (_random.NextDouble() * 0.7));
        using var deadline = new CancellationTokenSource(Deadline);
        using var process = Process.Start(start)!;
        try
        {
            var faults = process.StandardError.ReadToEndAsync(deadline.Token);
            foreach (var call in carried)
            {
                await process.StandardInput.WriteLineAsync(call.Encode());
            }
            await process.StandardInput.WriteLineAsync();
            await process.StandardInput.FlushAsync(deadline.Token);
            var said = new List<string>();
            while (said.Count < lines)
            {
                said.Add(await process.StandardOutput.ReadLineAsync(deadline.Token)
                    ?? throw new InvalidOperationException($"The process ended by itself after {said.Count} lines: {await faults}"));
            }
            process.Kill();
            var rest = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            said.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await process.WaitForExitAsync(deadline.Token);
            DuringStart += said.Contains("ready") ? 0 : 1;
            _events.AddRange(said.Where(line => line is not ("opening" or "ready")).Select(HistoryEvent.Decode));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Empties all queues, seen two hours later, when nothing is in flight or delayed any more.</summary>
    public async Task DrainAsync()
    {
        var ahead = TimeSpan.FromHours(2);
        var later = new ManualClock(TimeProvider.System.GetUtcNow() + ahead);
        var recorder = new HistoryRecorder(_events.Add, long.MaxValue / 2, (long)ahead.TotalMicroseconds);
        await using var store = SqliteMessageBackend.Open(_folder.FullName, later, MessageLoad.Settings);
        await MessageLoad.OpenQueuesAsync(store);
        var counted = 0L;
        foreach (var (number, _) in MessageLoad.Queues.Where(q => q.Value.RetentionMillis > 1_000_000))
        {
            var depth = await store.DepthAsync(number, default);
            Assert.Equal((0, 0), (depth.InFlight, depth.Delayed));
            counted += depth.Visible;
        }
        // Dead letters come after the queues that make them.
        foreach (var (number, queue) in MessageLoad.Queues)
        {
            counted -= await DrainAsync(store, recorder, number, queue);
        }
        Assert.Equal(0, counted);
    }

    private static async Task<int> DrainAsync(SqliteMessageBackend store, HistoryRecorder recorder, long number, HistoryQueue queue)
    {
        var hidden = TimeSpan.FromHours(2);
        for (var drained = 0; ;)
        {
            var call = recorder.Call(HistoryEvent.Receive, queue.Name, [], (long)hidden.TotalMilliseconds);
            var reception = await store.ReceiveAsync(number, new ReceiveOrder(10, hidden, TimeSpan.Zero), default);
            var items = reception.Messages.Select(MessageLoad.Delivered).ToList();
            recorder.Answer(call, items);
            if (items.Count == 0)
            {
                return drained;
            }
            drained += items.Count;
            call = recorder.Call(HistoryEvent.Delete, queue.Name, items);
            var outcomes = await store.DeleteAsync(number, [.. reception.Messages.Select(m => m.Receipt)], default);
            Assert.All(outcomes, o => Assert.Equal(ReceiptOutcome.Done, o));
            recorder.Answer(call, [.. items.Select(i => i with { Outcome = HistoryOutcome.Done })]);
        }
    }

    /// <summary>Sends whose outcome is unknown, as far as a repetition is harmless, and the latest receives: their receipts are still good.</summary>
    private List<HistoryEvent> Carried()
    {
        var answered = _events.Where(e => !e.IsCall).Select(e => e.Call).ToHashSet();
        var settled = _events.Where(e => e is { IsCall: false, Kind: HistoryEvent.Send }).SelectMany(e => e.Items).Select(i => i.Deduplication).ToHashSet();
        var soon = HistoryRecorder.NowMicros - RepeatWithinMicros;
        // Once its window has passed a repetition would be a message of its own.
        var sends = _events.Where(e => e is { IsCall: true, Kind: HistoryEvent.Send } && e.At > soon && !answered.Contains(e.Call))
            .Select(e => e with { Items = [.. e.Items.Where(i => i.Deduplication is { } id && !settled.Contains(id))] }).Where(e => e.Items.Count > 0);
        var receives = _events.Where(e => e is { IsCall: false, Kind: HistoryEvent.Receive, Items.Count: > 0 }).TakeLast(20);
        return [.. sends.TakeLast(30), .. receives.Where(_ => _random.Next(2) == 0)];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
