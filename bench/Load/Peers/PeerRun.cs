using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Longspan.Load.Peers;

/// <summary>
/// Ours and the peers in one run on the same cores, taking turns: ours, A, ours, B and so on, several rounds, so that the machine's noise
/// falls on both of a pair. All servers are started first and warmed up; whoever is not being measured is stopped.
/// </summary>
internal sealed class PeerRun : IAsyncDisposable
{
    private static readonly TimeSpan MeasureLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-peers-");
    private readonly CancellationTokenSource _stop = new();
    private readonly List<IDisposable> _signals = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly TimeSpan _length;
    private readonly List<PeerFigures> _all = [];
    private readonly Dictionary<string, string> _left = [];

    private PeerRun(TimeSpan length)
    {
        _length = length;
        // PostgreSQL's user must get through to its folder.
        File.SetUnixFileMode(_folder.FullName, (UnixFileMode)Convert.ToInt32("711", 8));
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _stop.Cancel();
            }));
        }
    }

    public static async Task<int> RunAsync(Arguments arguments)
    {
        await using var run = new PeerRun(TimeSpan.FromSeconds(arguments.Number("seconds", 3)));
        try
        {
            await run.MeasureAsync(arguments);
            return 0;
        }
        catch (OperationCanceledException) when (run._stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("Load: stopped; nothing was written.");
            return 130;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var figures in _all)
        {
            await figures.Peer.DisposeAsync();
        }
        _signals.ForEach(signal => signal.Dispose());
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task MeasureAsync(Arguments arguments)
    {
        var (rounds, only) = (arguments.Number("rounds", 3), arguments.Text("only", ""));
        var report = new PeerReport(_folder.FullName, _length, rounds);
        foreach (var peer in Peers(new LongspanPeer()).Where(peer => peer.Key == "longspan" || only.Length == 0 || only.Split(',').Contains(peer.Key)))
        {
            await StartAsync(peer);
        }
        var ours = _all[0];
        foreach (var figures in _all)
        {
            await TurnAsync(figures, WarmUpAsync);
        }
        await TurnAsync(ours, WarmUpAsync);
        var rate = Math.Round(ours.Singles.Last.Rate / 200) * 100;
        _all.ForEach(figures => figures.Forget());
        Say($"half of our rate of single publishes: {rate}/s");
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var other in _all.Skip(1).ToArray())
            {
                await TurnAsync(ours, figures => VisitAsync(figures, rate, round));
                await TurnAsync(other, figures => VisitAsync(figures, rate, round));
                other.Pair(ours);
            }
        }
        foreach (var figures in _all.ToArray())
        {
            await TurnAsync(figures, async one =>
            {
                one.Backlog = await Measures.BacklogAsync(one.Peer, arguments.Number("backlog", 200_000), _length);
                Say($"{one.Peer.Name}: {one.Backlog.Fill.Messages} stored, {one.Backlog.Drain.Rate:F0}/s received");
            });
        }
        foreach (var figures in _all.ToArray())
        {
            await TurnAsync(figures, async one =>
            {
                one.Syncs = await SyncCount.OfAsync(one.Peer, _folder.FullName);
                Say($"{one.Peer.Name}: {one.Syncs?.OneConnection:F0} syncs per 1,000 publishes of one connection, {one.Syncs?.ManyConnections:F0} of many, {one.Syncs?.Batches:F0} per 100 batches taken");
            });
        }
        var text = report.Write(_all, _left, rate, _watch.Elapsed);
        Console.WriteLine(text);
        if (arguments.Text("out", "") is { Length: > 0 } path)
        {
            await File.WriteAllTextAsync(path, text);
        }
    }

    private static IPeer[] Peers(LongspanPeer ours) =>
        [ours, new LongspanPeer(ours), new RabbitPeer(quorum: false), new RabbitPeer(quorum: true), new NatsPeer(), new RedisPeer(), new PostgresPeer()];

    private async Task StartAsync(IPeer peer)
    {
        _stop.Token.ThrowIfCancellationRequested();
        if (peer.Missing is { } missing)
        {
            _left[peer.Name] = $"{missing} is not installed";
            return;
        }
        var folder = Directory.CreateDirectory(Path.Combine(_folder.FullName, peer.Key)).FullName;
        var figures = new PeerFigures(peer);
        _all.Add(figures);
        if (await GuardAsync(figures, () => peer.StartAsync(folder)))
        {
            peer.Server.Pause();
            Say($"started {peer.Name}: {peer.Versions}");
        }
    }

    private async Task WarmUpAsync(PeerFigures figures)
    {
        await Measures.CycleAsync(figures.Peer, WarmUp);
        figures.Singles.Add(await Measures.SinglesAsync(figures.Peer, WarmUp));
    }

    private async Task VisitAsync(PeerFigures figures, double rate, int round)
    {
        figures.Cycles.Add(await Measures.CycleAsync(figures.Peer, _length));
        figures.Singles.Add(await Measures.SinglesAsync(figures.Peer, _length));
        figures.Paced.Add(await Measures.SinglesAsync(figures.Peer, _length, rate));
        Say(FormattableString.Invariant($"round {round}, {figures.Peer.Name}: cycle {figures.Cycles.Last.Rate:F0}/s, single {figures.Singles.Last.Rate:F0}/s, ")
            + FormattableString.Invariant($"paced p99 {figures.Paced.Last.P99:F1} ms; load {PeerReport.LoadAverage()}"));
    }

    /// <summary>Lets one server run while the measure does.</summary>
    private async Task TurnAsync(PeerFigures figures, Func<PeerFigures, Task> measure)
    {
        _stop.Token.ThrowIfCancellationRequested();
        if (!_all.Contains(figures))
        {
            return;
        }
        // What the last one left in the page cache is not for the next one to wait for.
        Tool.Run("sync", "-f", _folder.FullName);
        GC.Collect();
        figures.Peer.Server.Resume();
        await GuardAsync(figures, () => measure(figures).WaitAsync(MeasureLimit));
        figures.Peer.Server.Pause();
    }

    /// <summary>A peer that fails leaves the run, with the reason in the report; without ours there is nothing to compare.</summary>
    private async Task<bool> GuardAsync(PeerFigures figures, Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception failure) when (figures != _all[0] && !_stop.IsCancellationRequested)
        {
            Say($"{figures.Peer.Name} failed: {failure}");
            _left[figures.Peer.Name] = $"failed: {failure.Message.Split('\n')[0]}";
            _all.Remove(figures);
            await figures.Peer.DisposeAsync();
            return false;
        }
    }

    private void Say(string text) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed:mm\\:ss} {text}"));
}
