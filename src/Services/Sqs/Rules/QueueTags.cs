using System.Globalization;
using System.Text;

namespace Longspan.Services.Sqs.Rules;

/// <summary>Tags of a queue.</summary>
internal static class QueueTags
{
    private const int Most = 50;
    private const int LongestKey = 128;
    private const int LongestValue = 256;

    public static Dictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> current, IReadOnlyDictionary<string, string>? wanted, string queue)
    {
        var merged = new Dictionary<string, string>(current, StringComparer.Ordinal);
        foreach (var (key, value) in wanted ?? new Dictionary<string, string>())
        {
            if (key.Length is 0 or > LongestKey)
            {
                throw SqsFaults.InvalidParameter($"Tag keys must be between 1 and {LongestKey} characters in length.");
            }
            if ((value ?? "").Length > LongestValue)
            {
                throw SqsFaults.InvalidParameter($"Tag values must be between 0 and {LongestValue} characters in length.");
            }
            if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw SqsFaults.InvalidParameter("Tag keys cannot start with the reserved prefix 'aws:'.");
            }
            if (!IsLegal(key) || !IsLegal(value ?? ""))
            {
                throw SqsFaults.InvalidParameter($"The tag '{key}' may hold letters, digits, white space and _ . : / = + - @ only.");
            }
            merged[key] = value ?? "";
        }
        return merged.Count <= Most ? merged : throw SqsFaults.InvalidParameter($"Too many tags added for queue {queue}.");
    }

    private static bool IsLegal(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsLetterOrDigit(rune) && !Rune.IsWhiteSpace(rune) && Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark
                && !(rune.IsAscii && "_.:/=+-@".Contains((char)rune.Value, StringComparison.Ordinal)))
            {
                return false;
            }
        }
        return true;
    }
}
