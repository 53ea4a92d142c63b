namespace Longspan.Services.Sqs.Rules;

/// <summary>Tags of a queue.</summary>
internal static class QueueTags
{
    private const int Most = 50;
    private const int LongestKey = 128;
    private const int LongestValue = 256;

    public static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> current, IReadOnlyDictionary<string, string>? wanted)
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
            merged[key] = value ?? "";
        }
        return merged.Count <= Most ? merged : throw SqsFaults.InvalidParameter($"Too many tags added for queue: at most {Most} are allowed.");
    }
}
