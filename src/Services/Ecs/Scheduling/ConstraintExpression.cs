using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Longspan.Services.Ecs.Scheduling;

/// <summary>
/// A memberOf expression of the cluster query language, as far as attributes go: <c>attribute:NAME == VALUE</c>, <c>!=</c>, <c>=~</c>,
/// <c>in [a, b]</c>, <c>not_in</c>, <c>exists</c> and <c>!exists</c>, joined by <c>and</c> (<c>&amp;&amp;</c>) or <c>or</c> (<c>||</c>);
/// <c>and</c> binds closer. Without parentheses, and without <c>task:</c> and <c>agentVersion</c> terms: those are refused.
/// </summary>
internal sealed partial class ConstraintExpression
{
    public const int MaximumLength = 2000;
    private static readonly TimeSpan MatchLimit = TimeSpan.FromMilliseconds(50);

    private readonly IReadOnlyList<IReadOnlyList<Term>> _anyOfAll;

    private ConstraintExpression(IReadOnlyList<IReadOnlyList<Term>> anyOfAll) => _anyOfAll = anyOfAll;

    public bool Matches(IReadOnlyDictionary<string, string> attributes) => _anyOfAll.Any(all => all.All(term => term.Holds(attributes)));

    public static bool TryParse(string? text, [NotNullWhen(true)] out ConstraintExpression? expression)
    {
        expression = null;
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaximumLength)
        {
            return false;
        }
        var alternatives = new List<IReadOnlyList<Term>>();
        foreach (var alternative in Or().Split(text))
        {
            var terms = new List<Term>();
            foreach (var part in And().Split(alternative))
            {
                if (!Term.TryParse(part.Trim(), out var term))
                {
                    return false;
                }
                terms.Add(term);
            }
            alternatives.Add(terms);
        }
        expression = new ConstraintExpression(alternatives);
        return true;
    }

    [GeneratedRegex(@"\s+or\s+|\s*\|\|\s*")]
    private static partial Regex Or();

    [GeneratedRegex(@"\s+and\s+|\s*&&\s*")]
    private static partial Regex And();

    [GeneratedRegex(@"^attribute:(?<name>[\w.\-/]+)\s*(?<op>==|!=|=~|!~|\bin\b|\bnot_in\b|\bequals\b|\bnot_equals\b|\bmatches\b|\bexists\b|!exists|\bnot_exists\b)\s*(?<value>.*)$")]
    private static partial Regex Shape();

    private sealed record Term(string Name, string Operator, IReadOnlyList<string> Values, Regex? Pattern)
    {
        public static bool TryParse(string text, [NotNullWhen(true)] out Term? term)
        {
            term = null;
            var match = Shape().Match(text);
            if (!match.Success)
            {
                return false;
            }
            var op = match.Groups["op"].Value;
            var value = match.Groups["value"].Value.Trim();
            if (op is "exists" or "!exists" or "not_exists")
            {
                term = new Term(match.Groups["name"].Value, op, [], null);
                return value.Length == 0;
            }
            if (value.Length == 0)
            {
                return false;
            }
            var values = op is "in" or "not_in"
                ? value.Trim('[', ']').Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                : [value.Trim('"', '\'')];
            try
            {
                var pattern = op is "=~" or "!~" or "matches"
                    ? new Regex("^(?:" + values[0] + ")$", RegexOptions.NonBacktracking, MatchLimit) : null;
                term = new Term(match.Groups["name"].Value, op, values, pattern);
                return true;
            }
            catch (Exception error) when (error is ArgumentException or NotSupportedException)
            {
                return false;
            }
        }

        public bool Holds(IReadOnlyDictionary<string, string> attributes)
        {
            var present = attributes.TryGetValue(Name, out var value);
            return Operator switch
            {
                "exists" => present,
                "!exists" or "not_exists" => !present,
                "==" or "equals" => present && value == Values[0],
                "!=" or "not_equals" => !present || value != Values[0],
                "in" => present && Values.Contains(value!),
                "not_in" => !present || !Values.Contains(value!),
                "!~" => !present || !Pattern!.IsMatch(value!),
                _ => present && Pattern!.IsMatch(value!),
            };
        }
    }
}
