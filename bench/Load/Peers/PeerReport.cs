using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Longspan.Load.Peers;

/// <summary>Writes the figures of a run as Markdown, with what a reader needs to judge or repeat them.</summary>
internal sealed class PeerReport(string folder, TimeSpan length, int rounds)
{
    private readonly StringBuilder _text = new();
    private readonly string _before = LoadAverage();
    private readonly DateTimeOffset _started = TimeProvider.System.GetUtcNow();

    public static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    public string Write(IReadOnlyList<PeerFigures> all, IReadOnlyDictionary<string, string> left, double rate, TimeSpan took)
    {
        var ours = all[0];
        Introduce(all, left, took);
        Rates("Publish, consume, acknowledge in batches of ten", ours, all, one => one.Cycles, one => one.CycleRatios, "a cycle of ten");
        Line("Each of 32 connections publishes ten messages, waits until all are acknowledged, takes up to ten and acknowledges them, on one queue. Messages that were "
            + "acknowledged by their consumer are counted.");
        Rates("Single publishes", ours, all, one => one.Singles, one => one.SingleRatios, "a publish");
        Line("64 connections, each with one publish under way.");
        Paced(ours, all, rate);
        Backlogs(ours, all);
        Syncs(all);
        return _text.ToString();
    }

    private void Introduce(IReadOnlyList<PeerFigures> all, IReadOnlyDictionary<string, string> left, TimeSpan took)
    {
        Line($"# Queues: Longspan and its peers, {_started:yyyy-MM-dd}");
        Line();
        Line("Written by this command, from the repository's root (it installs Debian's packages of the peers when they are missing):");
        Line();
        Line("    ./dev bench peers");
        Line();
        Line($"{Machine()}. Load average {_before} before and {LoadAverage()} after, of which about two are this run's own. The run took {took.TotalMinutes:F0} minutes.");
        if (double.Parse(_before, CultureInfo.InvariantCulture) > 1)
        {
            Line();
            Line("**The machine was busy with other work**: rates are lower bounds, tails belong to the neighbours too, and only the ratios and the processor times tell much.");
        }
        Line();
        Line($"Clients and servers share {Environment.ProcessorCount} of the cores. One server runs at a time; the others are held by SIGSTOP. Turns alternate (ours, A, ours, B …), "
            + $"{rounds} rounds of {length.TotalSeconds:F0} seconds a figure; bodies of {Batch.BodyBytes} bytes; every connection is a TCP connection of its own. Figures are medians, in brackets the smallest and the "
            + "largest. **ours / peer is the median of pairs**: our turn against the peer's turn right after it. Above 1, Longspan does more, or waits less. "
            + "Processor time is per message, of the client process and of all of the server's processes.");
        Line();
        foreach (var one in all)
        {
            Line($"- {one.Peer.Name}: {one.Peer.Versions}. Here: {one.Peer.Way}");
        }
        foreach (var (name, reason) in left)
        {
            Line($"- {name}: not measured, {reason}");
        }
        Line("- moto_server: not measured. Debian 12 has no package of it, and this bench installs from nowhere else. It keeps messages in memory only.");
    }

    private void Rates(string title, PeerFigures ours, IEnumerable<PeerFigures> all, Func<PeerFigures, Series> series, Func<PeerFigures, List<double>> ratios, string call)
    {
        Line();
        Line($"## {title}");
        Line();
        Line($"| | Messages/s | ours / peer | p50 of {call}, ms | p99, ms | Client, µs | Server, µs |");
        Line("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var one in all.Where(one => series(one).Any))
        {
            var figures = series(one);
            Line($"| {one.Peer.Name} | {figures.Of(sample => sample.Rate).Text("F0")} | {Ratio(one == ours, ratios(one))} | {figures.Of(sample => sample.P50).Text("F1")} | "
                + $"{figures.Of(sample => sample.P99).Text("F1")} | {Number(figures.Median(sample => sample.ClientCpu), "F0")} | {Number(figures.Median(sample => sample.ServerCpu), "F0")} |");
        }
        Line();
    }

    private void Paced(PeerFigures ours, IEnumerable<PeerFigures> all, double rate)
    {
        Line();
        Line(FormattableString.Invariant($"## Single publishes at {rate:F0} a second, half of what Longspan reached in the warm-up"));
        Line();
        Line("| | Reached, messages/s | p50, ms | p99, ms | p99: peer / ours |");
        Line("| --- | ---: | ---: | ---: | ---: |");
        foreach (var one in all.Where(one => one.Paced.Any))
        {
            var reached = one.Paced.Of(sample => sample.Rate);
            Line($"| {one.Peer.Name} | {reached.Text("F0")}{(reached.Median < 0.95 * rate ? " **not kept up**" : "")} | {one.Paced.Of(sample => sample.P50).Text("F1")} | "
                + $"{one.Paced.Of(sample => sample.P99).Text("F1")} | {Ratio(one == ours, one.PacedRatios)} |");
        }
        Line();
        Line("64 connections. A publish's time counts from when it was due, so waiting for an earlier one is in it, and so is the client's own timer (about 1 ms). "
            + "Where a peer does not keep up, its times only say how long the run was.");
    }

    private void Backlogs(PeerFigures ours, IEnumerable<PeerFigures> all)
    {
        Line();
        Line("## Behind a backlog");
        Line();
        Line("| | Stored | Stored at, messages/s | Cycle behind it, messages/s | of the cycle on an empty queue | Receive and acknowledge only, messages/s | ours / peer |");
        Line("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var one in all.Where(one => one.Backlog is not null && one.Cycles.Any))
        {
            var (fill, cycle, drain) = one.Backlog!;
            Line($"| {one.Peer.Name} | {fill.Messages} | {Number(fill.Rate, "F0")} | {Number(cycle.Rate, "F0")} | {Number(100 * cycle.Rate / one.Cycles.Median(sample => sample.Rate), "F0")} % | "
                + $"{Number(drain.Rate, "F0")} | {(one == ours ? "1" : Number(ours.Backlog!.Drain.Rate / drain.Rate, "F2"))} |");
        }
        Line();
        Line("Measured once. 32 connections, batches of ten.");
    }

    private void Syncs(IEnumerable<PeerFigures> all)
    {
        Line();
        Line("## What an acknowledgement means");
        Line();
        Line("| | Acknowledged when | Syncs per 1,000 publishes, one connection | the same, 64 connections | Syncs per 100 batches of ten taken and acknowledged, one connection |");
        Line("| --- | --- | ---: | ---: | ---: |");
        foreach (var one in all)
        {
            var counted = one.Syncs is { } syncs
                ? $"{Number(syncs.OneConnection, "F0")} | {Number(syncs.ManyConnections, "F0")} | {Number(syncs.Batches, "F0")}"
                : "not counted | not counted | not counted";
            Line($"| {one.Peer.Name} | {one.Peer.Promise} | {counted} |");
        }
        Line();
        Line("Counted by `strace -c -f` on all of a server's processes during a second of single publishes, and while 200 batches are consumed (fsync, fdatasync, msync, sync_file_range, syncfs). With one connection, 1,000 or "
            + "more mean that each message was on the disk before its answer; with 64, fewer mean that messages share a sync. 100 or more for 100 batches mean that what was acknowledged stays gone after a loss of power.");
    }

    private string Machine()
    {
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1] ?? "unknown processor";
        var cores = File.ReadLines("/proc/cpuinfo").Count(line => line.StartsWith("processor", StringComparison.Ordinal));
        var system = File.ReadLines("/etc/os-release").First(line => line.StartsWith("PRETTY_NAME", StringComparison.Ordinal)).Split('"')[1];
        var disk = Tool.Run("findmnt", "-no", "FSTYPE,SOURCE", "-T", folder) is (true, var found) ? string.Join(" on ", found.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : "unknown disk";
        return $"{cores} cores of {processor}, {system}, Linux {Environment.OSVersion.Version}, files on {disk}, {RuntimeInformation.FrameworkDescription}";
    }

    private static string Ratio(bool ours, List<double> ratios) => ours || ratios.Count == 0 ? "1" : $"**{Number(Spread.Of(ratios).Median, "F2")}** ({Number(ratios.Min(), "F2")}–{Number(ratios.Max(), "F2")})";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private void Line(string text = "") => _text.Append(text).Append('\n');
}
