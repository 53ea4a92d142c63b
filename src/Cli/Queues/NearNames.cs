namespace Longspan.Cli.Queues;

/// <summary>Names that somebody may have meant.</summary>
internal static class NearNames
{
    private const int Most = 3;

    /// <summary>The nearest few by spelling; a name that holds the other counts as near.</summary>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> known) =>
    [
        .. known.Select(other => (other, distance: Distance(name.ToLowerInvariant(), other.ToLowerInvariant())))
            .Where(pair => pair.distance <= Math.Max(1, name.Length / 3)
                || (name.Length > 2 && pair.other.Contains(name, StringComparison.OrdinalIgnoreCase))
                || (pair.other.Length > 2 && name.Contains(pair.other, StringComparison.OrdinalIgnoreCase)))
            .OrderBy(pair => pair.distance).ThenBy(pair => pair.other, StringComparer.Ordinal).Select(pair => pair.other).Take(Most),
    ];

    /// <summary>Insertions, deletions and replacements from one to the other.</summary>
    internal static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
