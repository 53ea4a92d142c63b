namespace Longspan.Services.Ecs.Scheduling;

/// <summary>
/// Reads one expression by recursive descent. A method that cannot go on records the error where it stands and answers null; the first
/// error is the one that is reported. Depth and number of terms are bounded before anything is built from them.
/// </summary>
internal sealed class ClusterQueryParser(string text)
{
    public const string AttributePrefix = "attribute:";
    public const int MaximumNameLength = 128;

    // Symbols that begin with others come first.
    private static readonly (string Symbol, QueryOperator Operator, bool Negated)[] Symbols =
    [
        ("==", QueryOperator.EqualTo, false), ("!=", QueryOperator.EqualTo, true), ("=~", QueryOperator.Matches, false),
        ("!~", QueryOperator.Matches, true), (">=", QueryOperator.GreaterOrEqual, false), ("<=", QueryOperator.LessOrEqual, false),
        (">", QueryOperator.Greater, false), ("<", QueryOperator.Less, false),
    ];

    private static readonly Dictionary<string, (QueryOperator Operator, bool Negated)> Words = new(StringComparer.Ordinal)
    {
        ["equals"] = (QueryOperator.EqualTo, false), ["not_equals"] = (QueryOperator.EqualTo, true),
        ["greater_than"] = (QueryOperator.Greater, false), ["greater_than_equal"] = (QueryOperator.GreaterOrEqual, false),
        ["less_than"] = (QueryOperator.Less, false), ["less_than_equal"] = (QueryOperator.LessOrEqual, false),
        ["exists"] = (QueryOperator.Exists, false), ["not_exists"] = (QueryOperator.Exists, true), ["!exists"] = (QueryOperator.Exists, true),
        ["in"] = (QueryOperator.In, false), ["not_in"] = (QueryOperator.In, true), ["!in"] = (QueryOperator.In, true),
        ["matches"] = (QueryOperator.Matches, false), ["not_matches"] = (QueryOperator.Matches, true),
    };

    private int _at;
    private int _depth;
    private int _terms;
    private bool _failed;

    public QueryError Error { get; private set; }
    public bool ReadsTasks { get; private set; }

    public Func<NodeCapacity, bool>? Parse()
    {
        var result = Any();
        SkipSpace();
        return result is not null && _at < text.Length ? Fail(_at, "expected 'and', 'or' or the end of the expression") : result;
    }

    public static bool IsAttributeName(string name) => name.Length is > 0 and <= MaximumNameLength && name.All(c => IsNameCharacter(c) && c != ':');

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '\\' or ':';

    private Func<NodeCapacity, bool>? Any() => Joined(All, "||", "or", terms => node => terms.Any(term => term(node)));

    private Func<NodeCapacity, bool>? All() => Joined(Single, "&&", "and", terms => node => terms.All(term => term(node)));

    private Func<NodeCapacity, bool>? Joined(
        Func<Func<NodeCapacity, bool>?> part, string symbol, string word, Func<List<Func<NodeCapacity, bool>>, Func<NodeCapacity, bool>> join)
    {
        var parts = new List<Func<NodeCapacity, bool>>();
        do
        {
            if (part() is not { } holds)
            {
                return null;
            }
            parts.Add(holds);
        }
        while (TakeSymbol(symbol) || TakeWord(word));
        return parts.Count == 1 ? parts[0] : join(parts);
    }

    private Func<NodeCapacity, bool>? Single()
    {
        SkipSpace();
        var start = _at;
        var negated = TakeSymbol("!") || TakeWord("not");
        if (!negated && !TakeSymbol("("))
        {
            return Term();
        }
        if (++_depth > ClusterQuery.MaximumDepth)
        {
            return Fail(start, $"more than {ClusterQuery.MaximumDepth} parentheses and negations inside one another");
        }
        var inner = negated ? Single() : Any();
        _depth--;
        if (inner is null || negated)
        {
            return inner is null ? null : node => !inner(node);
        }
        return TakeSymbol(")") ? inner : Fail(_at, $"expected ')' for the '(' at character {start + 1}");
    }

    private Func<NodeCapacity, bool>? Term()
    {
        if (++_terms > ClusterQuery.MaximumTerms)
        {
            return Fail(_at, $"more than {ClusterQuery.MaximumTerms} terms");
        }
        var start = _at;
        while (_at < text.Length && IsNameCharacter(text[_at]))
        {
            _at++;
        }
        var name = text[start.._at];
        if (name.Length == 0)
        {
            return Fail(start, "expected a subject, such as attribute:name or task:group");
        }
        if (QuerySubject.Of(name) is not { } subject)
        {
            return Fail(start, $"'{name}' is not a subject");
        }
        ReadsTasks |= subject.ReadsTasks;
        SkipSpace();
        var at = _at;
        if (Operator() is not { } found)
        {
            return Fail(at, $"expected an operator after '{name}'");
        }
        if (!subject.Allows(found.Operator))
        {
            return Fail(at, $"'{text[at.._at]}' does not apply to {name}");
        }
        SkipSpace();
        var argumentAt = _at;
        if (Arguments(found.Operator) is not { } arguments)
        {
            return null;
        }
        var holds = subject.Test(found.Operator, arguments, out var problem);
        if (holds is null)
        {
            return Fail(argumentAt, problem);
        }
        return found.Negated ? node => !holds(node) : holds;
    }

    private (QueryOperator Operator, bool Negated)? Operator()
    {
        foreach (var (symbol, op, negated) in Symbols)
        {
            if (TakeSymbol(symbol))
            {
                return (op, negated);
            }
        }
        var end = _at < text.Length && text[_at] == '!' ? _at + 1 : _at;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
        {
            end++;
        }
        if (!Words.TryGetValue(text[_at..end], out var word))
        {
            return null;
        }
        _at = end;
        return word;
    }

    private List<string>? Arguments(QueryOperator op)
    {
        if (op == QueryOperator.Exists)
        {
            return [];
        }
        if (op != QueryOperator.In)
        {
            return Value(op == QueryOperator.Matches) is { } value ? [value] : null;
        }
        var start = _at;
        if (!TakeSymbol("["))
        {
            Fail(_at, "expected a list, such as [a, b]");
            return null;
        }
        var values = new List<string>();
        do
        {
            SkipSpace();
            if (Value(isPattern: false) is not { } value)
            {
                return null;
            }
            values.Add(value);
        }
        while (TakeSymbol(","));
        if (TakeSymbol("]"))
        {
            return values;
        }
        Fail(_at, $"expected ',' or ']' in the list at character {start + 1}");
        return null;
    }

    // Quotes have no escapes: a value with one kind of quote in it is written in the other kind.
    private string? Value(bool isPattern)
    {
        var start = _at;
        if (_at < text.Length && text[_at] is '\'' or '"')
        {
            var end = text.IndexOf(text[_at], _at + 1);
            if (end < 0)
            {
                Fail(start, "the quotation does not end");
                return null;
            }
            _at = end + 1;
            return text[(start + 1)..end];
        }
        _at = isPattern ? EndOfPattern(_at) : EndOfLiteral(_at);
        if (_at > start)
        {
            return text[start.._at];
        }
        Fail(start, isPattern ? "expected a pattern" : "expected a value");
        return null;
    }

    private int EndOfLiteral(int at)
    {
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('(' or ')' or '[' or ']' or ',' or '\'' or '"') && !IsJoin(at))
        {
            at++;
        }
        return at;
    }

    // An unquoted pattern may have brackets of its own; it ends before a bracket that it did not open.
    private int EndOfPattern(int at)
    {
        var (open, inClass) = (0, false);
        for (; at < text.Length && !char.IsWhiteSpace(text[at]); at++)
        {
            var c = text[at];
            if (c == '\\')
            {
                at += at + 1 < text.Length ? 1 : 0;
            }
            else if (inClass || c == '[')
            {
                inClass = c != ']';
            }
            else if (c == '(')
            {
                open++;
            }
            else if ((c == ')' && open-- == 0) || (open <= 0 && IsJoin(at)))
            {
                break;
            }
        }
        return at;
    }

    private bool IsJoin(int at) => text.AsSpan(at).StartsWith("&&") || text.AsSpan(at).StartsWith("||");

    private bool TakeSymbol(string symbol)
    {
        SkipSpace();
        if (!text.AsSpan(_at).StartsWith(symbol))
        {
            return false;
        }
        _at += symbol.Length;
        return true;
    }

    private bool TakeWord(string word)
    {
        SkipSpace();
        var end = _at + word.Length;
        if (!text.AsSpan(_at).StartsWith(word) || (end < text.Length && IsNameCharacter(text[end])))
        {
            return false;
        }
        _at = end;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }
    }

    private Func<NodeCapacity, bool>? Fail(int at, string message)
    {
        if (!_failed)
        {
            _failed = true;
            Error = new QueryError(at + 1, message);
        }
        return null;
    }
}
