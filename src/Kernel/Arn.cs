using System.Diagnostics.CodeAnalysis;

namespace Longspan.Kernel;

/// <summary>An Amazon Resource Name: <c>arn:partition:service:region:account:resource</c>; the resource may hold colons and slashes.</summary>
public sealed record Arn(string Service, string Region, string AccountId, string Resource)
{
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Arn? arn)
    {
        arn = null;
        if (text is null || !text.StartsWith("arn:", StringComparison.Ordinal))
        {
            return false;
        }
        var parts = text.Split(':', 6);
        if (parts.Length < 6 || parts[5].Length == 0)
        {
            return false;
        }
        arn = new Arn(parts[2], parts[3], parts[4], parts[5]);
        return true;
    }

    /// <summary>The last segment after a slash or colon: a queue's name, a task's id.</summary>
    public string Name => Resource[(Resource.LastIndexOfAny(['/', ':']) + 1)..];

    public override string ToString() => $"arn:aws:{Service}:{Region}:{AccountId}:{Resource}";
}
