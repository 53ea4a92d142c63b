namespace Longspan.Node.Diagnosis;

public enum FindingLevel
{
    Fine,
    /// <summary>A node runs, but something that people expect of it does not work.</summary>
    Doubtful,
    Failed,
}

/// <summary>What one check of a machine found.</summary>
/// <param name="Next">What to do about it; null when nothing is to be done.</param>
public sealed record Finding(string Check, FindingLevel Level, string Text, string? Next = null)
{
    public static Finding Fine(string check, string text) => new(check, FindingLevel.Fine, text);

    public static Finding Doubtful(string check, string text, string next) => new(check, FindingLevel.Doubtful, text, next);

    public static Finding Failed(string check, string text, string next) => new(check, FindingLevel.Failed, text, next);
}
