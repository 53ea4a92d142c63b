using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Longspan.Fleet;

/// <summary>What was measured, in order: a Markdown table at the end, or JSON. Progress goes to standard error.</summary>
internal sealed class FleetReport
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<(string Measure, double Value, string Unit, string Target)> _rows = [];

    public void Add(string measure, double value, string unit, string target = "")
    {
        _rows.Add((measure, value, unit, target));
        Say(FormattableString.Invariant($"{measure}: {value:0.##} {unit}"));
    }

    public void Say(string text) => Console.Error.WriteLine(FormattableString.Invariant($"[{_watch.Elapsed.TotalSeconds,6:0.0} s] {text}"));

    public void Print(FleetSettings settings)
    {
        var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        if (settings.Json)
        {
            var measures = new JsonArray([.. _rows.Select(r => (JsonNode)new JsonObject
            {
                ["measure"] = r.Measure, ["value"] = Math.Round(r.Value, 2), ["unit"] = r.Unit, ["target"] = r.Target,
            })]);
            Console.WriteLine(new JsonObject
            {
                ["nodes"] = settings.Nodes, ["tasks"] = settings.Tasks, ["place"] = settings.Place, ["cores"] = Environment.ProcessorCount,
                ["loadAfter"] = double.Parse(load, CultureInfo.InvariantCulture), ["seconds"] = Math.Round(_watch.Elapsed.TotalSeconds, 1), ["measures"] = measures,
            }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            return;
        }
        Console.WriteLine(FormattableString.Invariant(
            $"{settings.Nodes} nodes, {settings.Tasks} tasks, {Environment.ProcessorCount} cores shared by server and simulator, load average {load}, {_watch.Elapsed.TotalSeconds:0} s in all."));
        Console.WriteLine();
        Console.WriteLine("| Measure | Value | Target |");
        Console.WriteLine("| --- | ---: | ---: |");
        foreach (var (measure, value, unit, target) in _rows)
        {
            Console.WriteLine(FormattableString.Invariant($"| {measure} | {value:0.##} {unit} | {target} |"));
        }
    }
}
