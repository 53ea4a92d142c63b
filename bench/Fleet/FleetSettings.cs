using System.Globalization;

namespace Longspan.Fleet;

/// <summary>What a run is asked to do: pairs of <c>--name value</c>.</summary>
internal sealed record FleetSettings
{
    public const string Usage =
        """
        Fleet [--nodes 5000] [--tasks 200000] [--place 50000] [--idle 15] [--calls 200] [--lost 0] [--start-delay-ms 1000] [--metrics true]
              [--data FOLDER] [--trace FILE] [--output json]
        """;

    public int Nodes { get; init; } = 5000;
    /// <summary>Running at the end of the filling.</summary>
    public int Tasks { get; init; } = 200_000;
    /// <summary>Placed by each strategy while the clock runs.</summary>
    public int Place { get; init; } = 50_000;
    /// <summary>Seconds over which an idle server's processor time is taken.</summary>
    public int Idle { get; init; } = 15;
    /// <summary>Calls of each kind.</summary>
    public int Calls { get; init; } = 200;
    /// <summary>Nodes that fall silent at the end.</summary>
    public int Lost { get; init; }
    /// <summary>What a node takes from a payload to RUNNING.</summary>
    public TimeSpan StartDelay { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>Nodes publish usage of their tasks every 20 s, as real ones do.</summary>
    public bool Metrics { get; init; } = true;
    public string? Data { get; init; }
    /// <summary>A .nettrace file of the server's samples; see bench/results/fleet.md.</summary>
    public string? Trace { get; init; }
    public bool Json { get; init; }

    public static FleetSettings Parse(IReadOnlyList<string> words)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < words.Count; i += 2)
        {
            if (i + 1 == words.Count || !words[i].StartsWith("--", StringComparison.Ordinal))
            {
                throw new FormatException($"What is '{words[i]}'?");
            }
            values[words[i][2..]] = words[i + 1];
        }
        int Number(string name, int otherwise) => values.Remove(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        string? Text(string name) => values.Remove(name, out var text) ? text : null;
        var defaults = new FleetSettings();
        var settings = new FleetSettings
        {
            Nodes = Number("nodes", defaults.Nodes),
            Tasks = Number("tasks", defaults.Tasks),
            Place = Number("place", defaults.Place),
            Idle = Number("idle", defaults.Idle),
            Calls = Number("calls", defaults.Calls),
            Lost = Number("lost", defaults.Lost),
            StartDelay = TimeSpan.FromMilliseconds(Number("start-delay-ms", 1000)),
            Metrics = Text("metrics") != "false",
            Data = Text("data"),
            Trace = Text("trace"),
            Json = Text("output") == "json",
        };
        return values.Count == 0 ? settings : throw new FormatException($"What is '--{values.Keys.First()}'?");
    }
}
