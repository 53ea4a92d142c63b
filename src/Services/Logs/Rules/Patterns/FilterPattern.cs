using Longspan.Api.Logs;

namespace Longspan.Services.Logs.Rules.Patterns;

/// <summary>
/// A filter pattern, parsed. Three forms, told apart by their first character: <c>{ … }</c> looks into JSON events, <c>[ … ]</c> into
/// events whose fields are divided by spaces, and anything else is a list of terms.
/// </summary>
internal sealed class FilterPattern
{
    public const int MaximumLength = 1024;

    private readonly Predicate<string> _matches;

    private FilterPattern(Predicate<string> matches) => _matches = matches;

    /// <summary>Null and white space match every event.</summary>
    public static FilterPattern Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new FilterPattern(static _ => true);
        }
        if (text.Length > MaximumLength)
        {
            throw LogsFaults.Constraint("filterPattern", "...", $"Member must have length less than or equal to {MaximumLength}");
        }
        var cursor = new PatternCursor(text);
        cursor.SkipSpace();
        return new FilterPattern(cursor.Current switch
        {
            '{' => JsonPattern.Parse(cursor),
            '[' => FieldPattern.Parse(cursor),
            _ => TermPattern.Parse(cursor),
        });
    }

    public bool Matches(string message) => _matches(message);

    public static InvalidParameterException Invalid(string why) => new($"Invalid filter pattern: {why}");
}
