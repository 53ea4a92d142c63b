using System.Globalization;
using System.Text;

namespace Longspan.Cli.Output;

/// <summary>What others have written, made fit for a terminal: one line, nothing in it that a terminal would obey.</summary>
internal static class PrintableText
{
    /// <summary>The text on one line, cut to <paramref name="maximum"/> characters. Control and direction characters are spelled out.</summary>
    public static string Line(string text, int maximum)
    {
        var line = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length >= maximum)
            {
                return line.Append('…').ToString();
            }
            switch (rune.Value)
            {
                case '\n':
                    line.Append("\\n");
                    break;
                case '\r':
                    line.Append("\\r");
                    break;
                case '\t':
                    line.Append("\\t");
                    break;
                default:
                    if (IsUnsafe(rune))
                    {
                        line.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
                    }
                    else
                    {
                        line.Append(rune.ToString());
                    }
                    break;
            }
        }
        return line.ToString();
    }

    /// <summary>A span of time in its two largest units.</summary>
    public static string Age(long seconds) => seconds switch
    {
        < 60 => $"{Math.Max(0, seconds)} s",
        < 3600 => Two(seconds / 60, "min", seconds % 60, "s"),
        < 86_400 => Two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => Two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    };

    public static string Time(long unixMillis) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMillis).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Two(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";

    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse;
}
