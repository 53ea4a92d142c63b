using System.Text.RegularExpressions;
using Xunit;

namespace Longspan.House.Tests;

public sealed partial class SizeRules
{
    private const int FileLines = 400;
    private const int MethodLines = 70;

    [Fact]
    public void Files_stay_short()
    {
        var offences = Repository.Sources("src").Concat(Repository.Sources("tools"))
            .Select(file => (file, lines: Repository.Read(file).Count(c => c == '\n'))).Where(f => f.lines > FileLines).Select(f => $"{f.file}: {f.lines}");
        Assert.Empty(offences);
    }

    [Fact]
    public void Methods_stay_short()
    {
        Assert.Empty(Repository.Sources("src").Concat(Repository.Sources("tools")).SelectMany(LongMembers));
    }

    /// <summary>
    /// Members as the formatter leaves them: a head at one level of indentation, a brace of its own, the matching brace at the same
    /// level. Types are told apart by their keyword.
    /// </summary>
    internal static IEnumerable<string> LongMembers(string file)
    {
        var lines = Repository.Read(file).Split('\n');
        for (var i = 1; i < lines.Length; i++)
        {
            var open = OpeningBrace().Match(lines[i]);
            if (!open.Success || TypeHead().IsMatch(HeadOf(lines, i)))
            {
                continue;
            }
            var indent = open.Groups[1].Value;
            var end = Array.FindIndex(lines, i, line => line == indent + "}" || line == indent + "};");
            if (end - i - 1 > MethodLines)
            {
                yield return $"{file}:{i}: {end - i - 1} lines";
            }
        }
    }

    private static string HeadOf(string[] lines, int brace)
    {
        var start = brace - 1;
        while (start > 0 && lines[start - 1].Trim() is { Length: > 0 } above && !above.EndsWith(';') && !above.EndsWith('}') && !above.EndsWith('{') && !above.StartsWith("//", StringComparison.Ordinal))
        {
            start--;
        }
        return string.Join(' ', lines[start..brace]);
    }

    [GeneratedRegex(@"^((?:    ){1,2})\{$")]
    private static partial Regex OpeningBrace();

    [GeneratedRegex(@"\b(class|record|struct|interface|enum|namespace)\b")]
    private static partial Regex TypeHead();
}
