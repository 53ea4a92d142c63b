namespace Longspan.Services.Logs.Rules.Patterns;

/// <summary>
/// <c>[ip, user, …, status_code=4*, bytes &gt; 1000]</c>: events whose fields are divided by spaces. Fields in double quotes or square brackets may
/// hold spaces. Names are for the reader; <c>...</c> stands for any number of fields, once. Without it the number of fields must agree.
/// </summary>
internal static class FieldPattern
{
    private const int MaximumFields = 64;
    private const string Rest = "...";

    /// <summary>What one field must satisfy.</summary>
    private delegate bool FieldTest(string field);

    public static Predicate<string> Parse(PatternCursor cursor)
    {
        cursor.Require("[");
        var (before, after) = (new List<FieldTest>(), (List<FieldTest>?)null);
        do
        {
            cursor.SkipSpace();
            if (cursor.TryTake(Rest))
            {
                after = after is null ? [] : throw FilterPattern.Invalid($"'{Rest}' stands twice");
            }
            else
            {
                (after ?? before).Add(TakeField(cursor));
            }
            if (before.Count + (after?.Count ?? 0) > MaximumFields)
            {
                throw FilterPattern.Invalid($"it has more than {MaximumFields} fields");
            }
            cursor.SkipSpace();
        }
        while (cursor.TryTake(","));
        cursor.Require("]");
        cursor.RequireEnd();
        return message => Holds(before, after, Split(message));
    }

    private static bool Holds(List<FieldTest> before, List<FieldTest>? after, List<string> fields)
    {
        var needed = before.Count + (after?.Count ?? 0);
        if (after is null ? fields.Count != needed : fields.Count < needed)
        {
            return false;
        }
        for (var i = 0; i < before.Count; i++)
        {
            if (!before[i](fields[i]))
            {
                return false;
            }
        }
        for (var i = 0; i < (after?.Count ?? 0); i++)
        {
            if (!after![i](fields[fields.Count - after.Count + i]))
            {
                return false;
            }
        }
        return true;
    }

    // name | name sign value { && name sign value | || name sign value }
    private static FieldTest TakeField(PatternCursor cursor)
    {
        var test = TakeCondition(cursor);
        for (cursor.SkipSpace(); ; cursor.SkipSpace())
        {
            var left = test;
            if (cursor.TryTake("&&"))
            {
                var right = TakeCondition(cursor);
                test = field => left(field) && right(field);
            }
            else if (cursor.TryTake("||"))
            {
                var right = TakeCondition(cursor);
                test = field => left(field) || right(field);
            }
            else
            {
                return test;
            }
        }
    }

    private static FieldTest TakeCondition(PatternCursor cursor)
    {
        cursor.SkipSpace();
        var name = cursor.TakeUntil(static c => !(char.IsLetterOrDigit(c) || c == '_'));
        cursor.SkipSpace();
        var comparison = Comparison.TryTake(cursor, static c => c is ',' or ']' or '&' or '|');
        if (comparison is null)
        {
            return name.Length > 0 ? static _ => true : throw cursor.Unexpected();
        }
        return field => Comparison.Number(field) is { } number ? comparison.Holds(number, field) : comparison.HoldsText(field);
    }

    private static List<string> Split(string message)
    {
        var fields = new List<string>();
        for (var at = 0; at < message.Length;)
        {
            if (char.IsWhiteSpace(message[at]))
            {
                at++;
                continue;
            }
            var close = message[at] switch
            {
                '"' => '"',
                '[' => ']',
                _ => '\0',
            };
            var end = close == '\0' ? -1 : message.IndexOf(close, at + 1);
            if (end >= 0)
            {
                fields.Add(message[(at + 1)..end]);
                at = end + 1;
                continue;
            }
            var start = at;
            while (at < message.Length && !char.IsWhiteSpace(message[at]))
            {
                at++;
            }
            fields.Add(message[start..at]);
        }
        return fields;
    }
}
