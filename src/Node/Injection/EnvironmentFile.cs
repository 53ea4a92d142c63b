using Longspan.Node.Tasks;

namespace Longspan.Node.Injection;

/// <summary>
/// An environment file: a <c>NAME=VALUE</c> on each line, taken as it stands (spaces and quotation marks are part of the value), lines with
/// <c>#</c> in front are comments. What is neither is passed over, as the Amazon agent does.
/// </summary>
internal static class EnvironmentFile
{
    private const string Prefix = "arn:";

    /// <summary>Adds what is not there yet: of a name in several files the first one counts.</summary>
    public static void Read(string text, Dictionary<string, string> into)
    {
        foreach (var line in text.TrimStart('\uFEFF').Split('\n').Select(l => l.TrimEnd('\r')).Where(l => !l.StartsWith('#')))
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                into.TryAdd(line[..equals], line[(equals + 1)..]);
            }
        }
    }

    /// <summary>Bucket and key of <c>arn:aws:s3:::bucket/key</c>.</summary>
    public static (string Bucket, string Key) Locate(string? arn)
    {
        var parts = (arn ?? "").Split(':', 6);
        return arn?.StartsWith(Prefix, StringComparison.Ordinal) == true && parts is [_, _, "s3", _, _, var resource]
            && resource.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && slash < resource.Length - 1
            ? (resource[..slash], resource[(slash + 1)..])
            : throw new TaskFault("ResourceInitializationError", Faults.Files + $"'{arn}' is not the ARN of an object in S3");
    }
}
