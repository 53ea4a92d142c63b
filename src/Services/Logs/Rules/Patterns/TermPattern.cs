namespace Longspan.Services.Logs.Rules.Patterns;

/// <summary>
/// Terms: all of them must occur, of those marked <c>?</c> at least one, of those marked <c>-</c> none. A term is a word, a phrase in double
/// quotes, or a regular expression; case matters.
/// </summary>
internal static class TermPattern
{
    public static Predicate<string> Parse(PatternCursor cursor)
    {
        var (all, any, none) = (new List<Predicate<string>>(), new List<Predicate<string>>(), new List<Predicate<string>>());
        for (cursor.SkipSpace(); !cursor.AtEnd; cursor.SkipSpace())
        {
            var group = cursor.Current switch
            {
                '?' => any,
                '-' => none,
                _ => all,
            };
            if (group != all)
            {
                cursor.Advance();
            }
            group.Add(Term(cursor));
        }
        return message =>
            all.TrueForAll(term => term(message))
            && (any.Count == 0 || any.Exists(term => term(message)))
            && !none.Exists(term => term(message));
    }

    private static Predicate<string> Term(PatternCursor cursor)
    {
        if (cursor.Current == '%')
        {
            return PatternExpression.Take(cursor);
        }
        var text = cursor.Current == '"' ? cursor.TakeQuoted() : cursor.TakeUntil(static c => char.IsWhiteSpace(c) || c == '"');
        return text.Length == 0 ? throw FilterPattern.Invalid("a term is empty") : message => message.Contains(text, StringComparison.Ordinal);
    }
}
