using System.Globalization;

namespace Longspan.Load;

/// <summary>What a run is asked to do: pairs of <c>--name value</c>.</summary>
internal sealed class Arguments(IReadOnlyDictionary<string, string> values)
{
    public int Workers => Number("workers", 32);
    public TimeSpan Length => TimeSpan.FromSeconds(Number("seconds", 10));
    public int Body => Number("body", 1000);
    public int Queues => Number("queues", 1);
    public int Backlog => Number("backlog", 0);
    public bool Fifo => Text("fifo", "false") == "true";

    public static Arguments Parse(IReadOnlyList<string> words)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < words.Count; i += 2)
        {
            values[words[i].TrimStart('-')] = words[i + 1];
        }
        return new Arguments(values);
    }

    public int Number(string name, int otherwise) => values.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public string Text(string name, string otherwise) => values.GetValueOrDefault(name) ?? otherwise;
}
