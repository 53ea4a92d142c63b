using System.Diagnostics;

namespace Longspan.Fleet;

/// <summary>The phases of a run, one after the other, on one fleet.</summary>
internal sealed class FleetRun : IDisposable
{
    private const string Binpack = "binpack";
    private const string Spread = "spread";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PhaseLimit = TimeSpan.FromMinutes(10);
    private readonly FleetSettings _settings;
    private readonly FleetReport _report;
    private readonly CancellationTokenSource _stop = new();
    private readonly ServerUnderTest _server;
    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<Task> _running = [];
    private FleetWorld? _world;
    private FleetServices? _services;

    public FleetRun(FleetSettings settings, FleetReport report)
    {
        (_settings, _report) = (settings, report);
        _server = new ServerUnderTest(settings.Data, settings.Trace);
    }

    private FleetWorld World => _world!;
    private FleetServices Services => _services!;

    public string ServerLines() => _server.LastLines();

    public async Task RunAsync()
    {
        await _server.StartAsync();
        _world = new FleetWorld(_server.Endpoint, _server.Keys, _settings, _stop.Token);
        _services = new FleetServices(World);
        await Services.PrepareAsync();
        await ConnectAsync();
        await IdleAsync("no tasks");
        await PlaceAsync(Binpack, _settings.Place);
        await PlaceAsync(Spread, Math.Min(_settings.Place, Math.Max(0, _settings.Tasks - Services.Wanted)));
        await FillAsync();
        await IdleAsync($"{Services.Wanted} tasks");
        await LatenciesAsync();
        await RestartAsync();
        if (_settings.Lost > 0)
        {
            await LoseAsync();
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        Task.WhenAll(_running).ContinueWith(_ => { }, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(10));
        _nodes.ForEach(node => node.Dispose());
        _world?.Dispose();
        _server.Dispose();
        _stop.Dispose();
    }

    private async Task ConnectAsync()
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < _settings.Nodes; i++)
        {
            var node = new SimulatedNode(World, i);
            _nodes.Add(node);
            _running.Add(Task.Run(node.RunAsync));
        }
        await UntilAsync("connected", () => World.Reconciled == _settings.Nodes && World.Telemetry == _settings.Nodes,
            () => $"{World.Reconciled} control and {World.Telemetry} telemetry links");
        _report.Add($"{_settings.Nodes} nodes registered and connected", watch.Elapsed.TotalSeconds, "s");
    }

    private async Task IdleAsync(string with)
    {
        if (_settings.Idle == 0)
        {
            return;
        }
        // What the last phase left behind (passes, collections) is not idling.
        await Task.Delay(TimeSpan.FromSeconds(Math.Min(10, _settings.Idle)));
        var (cpu, watch) = (_server.Cpu(), Stopwatch.StartNew());
        await Task.Delay(TimeSpan.FromSeconds(_settings.Idle));
        _report.Add($"idle, {with}: server", (_server.Cpu() - cpu) / watch.Elapsed * 100, "% of a core", with == "no tasks" ? "< 20" : "");
        _report.Add($"idle, {with}: server resident", _server.Mib("VmRSS"), "MiB", "< 1500");
    }

    private async Task PlaceAsync(string strategy, int count)
    {
        if (count == 0)
        {
            return;
        }
        var before = Services.Wanted;
        var (cpu, own, watch) = (_server.Cpu(), Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
        await Services.CreateAsync(strategy, count);
        var counts = await Services.UntilAsync(_report, $"{strategy} placed", c => c.Pending + c.Running >= before + count, Poll, PhaseLimit);
        var placed = watch.Elapsed;
        _report.Add($"{strategy} with constraint: {count} tasks placed, committed", count / placed.TotalSeconds, "tasks/s", ">= 3000");
        await Services.UntilAsync(_report, $"{strategy} running", c => c.Running >= before + count, Poll, PhaseLimit);
        _report.Add($"{strategy}: the same until RUNNING", count / watch.Elapsed.TotalSeconds, "tasks/s");
        _report.Add($"{strategy}: server's processor time for a task, placement to RUNNING", (_server.Cpu() - cpu).TotalMilliseconds * 1000 / count, "us");
        // Both share the cores: what the nodes take, the server cannot have.
        _report.Add($"{strategy}: the simulator's", (Environment.CpuUsage.TotalTime - own).TotalMilliseconds * 1000 / count, "us");
        _report.Say(counts.ToString());
    }

    private async Task FillAsync()
    {
        var missing = _settings.Tasks - Services.Wanted;
        if (missing <= 0)
        {
            return;
        }
        var watch = Stopwatch.StartNew();
        await Services.CreateAsync("", missing);
        await Services.UntilAsync(_report, "filled", c => c.Running >= Services.Wanted, TimeSpan.FromSeconds(1), PhaseLimit);
        _report.Add($"filled up to {Services.Wanted} RUNNING", missing / watch.Elapsed.TotalSeconds, "tasks/s");
    }

    private async Task LatenciesAsync()
    {
        foreach (var (name, times) in await new FleetCalls(World, Services).RunAsync(_settings.Calls))
        {
            var sorted = times.Order().ToArray();
            _report.Add($"{name}, p50", sorted[sorted.Length / 2], "ms");
            _report.Add($"{name}, p99", sorted[(int)Math.Ceiling(0.99 * sorted.Length) - 1], "ms", "< 50");
        }
    }

    private async Task RestartAsync()
    {
        var running = World.Running;
        _server.Kill();
        await UntilAsync("cut", () => World.Reconciled == 0, () => $"{World.Reconciled} links left");
        var (watch, stopped, payloads) = (Stopwatch.StartNew(), World.Stopped, World.Payloads);
        await _server.StartAsync();
        _report.Add("after kill -9: server ready", watch.Elapsed.TotalSeconds, "s");
        await UntilAsync("reconnected", () => World.Reconciled == _settings.Nodes && World.Telemetry == _settings.Nodes,
            () => $"{World.Reconciled} control and {World.Telemetry} telemetry links");
        await Services.UntilAsync(_report, "reconciled", c => c.Running >= Services.Wanted, Poll, PhaseLimit);
        _report.Add($"after kill -9: {_settings.Nodes} nodes back and reconciled", watch.Elapsed.TotalSeconds, "s", "< 60");
        _report.Add("after kill -9: tasks stopped or started without need", World.Stopped - stopped + Math.Abs(World.Running - running) + World.Payloads - payloads, "tasks", "0");
        _report.Add("after kill -9: server resident", _server.Mib("VmRSS"), "MiB");
        _report.Add("after kill -9: server's processor time", _server.Cpu().TotalSeconds, "s");
    }

    // What was on the lost nodes runs elsewhere: the service's desired count is reached without them.
    private async Task LoseAsync()
    {
        var lost = _nodes.Take(_settings.Lost).ToList();
        var there = lost.Sum(node => node.Running);
        var watch = Stopwatch.StartNew();
        lost.ForEach(node => node.Vanish());
        var started = World.Running;
        await UntilAsync("replaced", () => World.Running >= started + there, () => $"{World.Running - started} of {there} tasks run elsewhere");
        _report.Add($"{_settings.Lost} nodes lost: their {there} tasks run elsewhere", watch.Elapsed.TotalSeconds, "s", "40, and 60 more soon after a restart");
    }

    private async Task UntilAsync(string what, Func<bool> reached, Func<string> progress)
    {
        var watch = Stopwatch.StartNew();
        for (var next = TimeSpan.FromSeconds(2); !reached(); await Task.Delay(20))
        {
            if (watch.Elapsed > PhaseLimit)
            {
                throw new TimeoutException($"Not {what} in time: {progress()}.");
            }
            if (watch.Elapsed > next)
            {
                next += TimeSpan.FromSeconds(2);
                _report.Say($"{what}: {progress()}");
            }
        }
    }
}
