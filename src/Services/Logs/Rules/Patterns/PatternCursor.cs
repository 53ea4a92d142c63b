using System.Text;

namespace Longspan.Services.Logs.Rules.Patterns;

/// <summary>A place in a pattern's text, with the pieces that all three forms are made of.</summary>
internal sealed class PatternCursor(string text)
{
    public const char End = '\0';

    private int _at;

    /// <summary>Regular expressions seen so far; their number is bounded.</summary>
    public int Expressions { get; set; }

    public bool AtEnd => _at == text.Length;

    public char Current => AtEnd ? End : text[_at];

    public void Advance() => _at++;

    public void SkipSpace()
    {
        while (!AtEnd && char.IsWhiteSpace(Current))
        {
            _at++;
        }
    }

    public bool TryTake(string literal)
    {
        if (string.CompareOrdinal(text, _at, literal, 0, literal.Length) != 0)
        {
            return false;
        }
        _at += literal.Length;
        return true;
    }

    /// <summary>A word in any case that ends here: <c>IS</c> but not the beginning of <c>ISLAND</c>.</summary>
    public bool TryTakeWord(string word)
    {
        var end = _at + word.Length;
        if (string.Compare(text, _at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) != 0
            || (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_')))
        {
            return false;
        }
        _at = end;
        return true;
    }

    public void Require(string literal)
    {
        SkipSpace();
        if (!TryTake(literal))
        {
            throw FilterPattern.Invalid($"expected '{literal}' at position {_at + 1}");
        }
    }

    public void RequireEnd()
    {
        SkipSpace();
        if (!AtEnd)
        {
            throw Unexpected();
        }
    }

    public Api.Logs.InvalidParameterException Unexpected() =>
        FilterPattern.Invalid(AtEnd ? "it ends too early" : $"unexpected '{Current}' at position {_at + 1}");

    /// <summary>Up to a character that ends it.</summary>
    public string TakeUntil(Func<char, bool> ends)
    {
        var start = _at;
        while (!AtEnd && !ends(Current))
        {
            _at++;
        }
        return text[start.._at];
    }

    /// <summary>What stands between two of the current character; a backslash takes itself and that character literally.</summary>
    public string TakeQuoted()
    {
        var quote = Current;
        var content = new StringBuilder();
        for (_at++; !AtEnd; _at++)
        {
            if (Current == quote)
            {
                _at++;
                return content.ToString();
            }
            if (Current == '\\' && _at + 1 < text.Length && (text[_at + 1] == quote || text[_at + 1] == '\\'))
            {
                _at++;
            }
            content.Append(Current);
        }
        throw FilterPattern.Invalid($"a {quote} is not closed");
    }

    /// <summary>The raw text between two percent signs.</summary>
    public string TakeExpression()
    {
        _at++;
        var end = text.IndexOf('%', _at);
        if (end < 0)
        {
            throw FilterPattern.Invalid("a % is not closed");
        }
        var expression = text[_at..end];
        _at = end + 1;
        return expression;
    }
}
