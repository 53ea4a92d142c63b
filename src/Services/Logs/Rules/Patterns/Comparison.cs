using System.Globalization;
using System.Text.RegularExpressions;

namespace Longspan.Services.Logs.Rules.Patterns;

internal enum ComparisonSign
{
    Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual,
}

/// <summary>A sign and the value to the right of it: <c>= "error"</c>, <c>&gt;= 500</c>, <c>!= 10.0.*</c>, <c>= %4\d\d%</c>.</summary>
internal sealed class Comparison
{
    private readonly ComparisonSign _sign;
    private readonly double? _number;
    private readonly Predicate<string> _text;

    private Comparison(ComparisonSign sign, double? number, Predicate<string> text) => (_sign, _number, _text) = (sign, number, text);

    /// <summary>Takes a sign when one stands here, and the value after it.</summary>
    /// <param name="cursor">Where to look.</param>
    /// <param name="endsValue">What ends a value that stands without quotes, beside white space.</param>
    public static Comparison? TryTake(PatternCursor cursor, Func<char, bool> endsValue)
    {
        if (TryTakeSign(cursor) is not { } sign)
        {
            return null;
        }
        cursor.SkipSpace();
        if (cursor.Current == '%')
        {
            RequireEquality(sign);
            return new Comparison(sign, null, PatternExpression.Take(cursor));
        }
        if (cursor.Current == '"')
        {
            RequireEquality(sign);
            return new Comparison(sign, null, Wildcard(cursor.TakeQuoted()));
        }
        var text = cursor.TakeUntil(c => char.IsWhiteSpace(c) || endsValue(c));
        if (text.Length == 0)
        {
            throw cursor.Unexpected();
        }
        var number = Number(text);
        if (number is null)
        {
            RequireEquality(sign);
        }
        return new Comparison(sign, number, Wildcard(text));
    }

    /// <summary>Compares a number as a number when the pattern's value is one too.</summary>
    public bool Holds(double value, string text)
    {
        if (_number is not { } number)
        {
            return HoldsText(text);
        }
        return _sign switch
        {
            ComparisonSign.Equal => value == number,
            ComparisonSign.NotEqual => value != number,
            ComparisonSign.Less => value < number,
            ComparisonSign.LessOrEqual => value <= number,
            ComparisonSign.Greater => value > number,
            _ => value >= number,
        };
    }

    /// <summary>Text has no order: the other signs never hold.</summary>
    public bool HoldsText(string text) => _sign switch
    {
        ComparisonSign.Equal => _text(text),
        ComparisonSign.NotEqual => !_text(text),
        _ => false,
    };

    public static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static ComparisonSign? TryTakeSign(PatternCursor cursor)
    {
        if (cursor.TryTake("!="))
        {
            return ComparisonSign.NotEqual;
        }
        if (cursor.TryTake("<="))
        {
            return ComparisonSign.LessOrEqual;
        }
        if (cursor.TryTake(">="))
        {
            return ComparisonSign.GreaterOrEqual;
        }
        if (cursor.TryTake("<"))
        {
            return ComparisonSign.Less;
        }
        if (cursor.TryTake(">"))
        {
            return ComparisonSign.Greater;
        }
        return cursor.TryTake("=") ? ComparisonSign.Equal : null;
    }

    private static void RequireEquality(ComparisonSign sign)
    {
        if (sign is not (ComparisonSign.Equal or ComparisonSign.NotEqual))
        {
            throw FilterPattern.Invalid("only numbers can be compared by size");
        }
    }

    // An asterisk stands for any text, also for none.
    private static Predicate<string> Wildcard(string text)
    {
        if (!text.Contains('*', StringComparison.Ordinal))
        {
            return value => value == text;
        }
        var pieces = text.Split('*').Select(Regex.Escape);
        var whole = new Regex($@"\A{string.Join(".*", pieces)}\z", RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
        return whole.IsMatch;
    }
}
