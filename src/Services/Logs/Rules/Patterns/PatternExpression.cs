using System.Buffers;
using System.Text.RegularExpressions;

namespace Longspan.Services.Logs.Rules.Patterns;

/// <summary>
/// The regular expressions of patterns, <c>%…%</c>. The service allows a small alphabet without groups; the engine that runs them takes time
/// linear in the event whatever the expression.
/// </summary>
internal static class PatternExpression
{
    private const int MaximumExpressions = 2;
    private const string Escapable = "dDwWsSbB.^$*+?{}[]|\\/-#@=;,_:()";
    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_#=@/;,- ^$?[]{}|\\*+.");

    public static Predicate<string> Take(PatternCursor cursor)
    {
        if (++cursor.Expressions > MaximumExpressions)
        {
            throw FilterPattern.Invalid($"it has more than {MaximumExpressions} regular expressions");
        }
        var text = cursor.TakeExpression();
        Check(text);
        try
        {
            var expression = new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return expression.IsMatch;
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            throw FilterPattern.Invalid("the regular expression is not valid");
        }
    }

    private static void Check(string text)
    {
        if (text.Length == 0)
        {
            throw FilterPattern.Invalid("the regular expression is empty");
        }
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
                if (i == text.Length || !Escapable.Contains(text[i], StringComparison.Ordinal))
                {
                    throw FilterPattern.Invalid("the regular expression has an unsupported escape");
                }
            }
            else if (!s_allowed.Contains(text[i]))
            {
                throw FilterPattern.Invalid($"the regular expression has an unsupported character '{text[i]}'");
            }
        }
    }
}
