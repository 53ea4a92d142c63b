using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Services.Logs.Rules.Patterns;

/// <summary>
/// <c>{ $.level = "error" &amp;&amp; ($.status &gt;= 500 || $.user.name = a*) }</c>: conditions on the properties of events that are JSON. Events
/// that are not match nothing. <c>&amp;&amp;</c> binds tighter than <c>||</c>.
/// </summary>
internal static class JsonPattern
{
    private const int MaximumDepth = 16;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64 };

    public static Predicate<string> Parse(PatternCursor cursor)
    {
        cursor.Require("{");
        var condition = Either(cursor, 0);
        cursor.Require("}");
        cursor.RequireEnd();
        return message => Holds(condition, message);
    }

    private static bool Holds(Predicate<JsonElement> condition, string message)
    {
        var text = message.AsSpan().TrimStart();
        if (text.IsEmpty || text[0] is not ('{' or '['))
        {
            return false;
        }
        try
        {
            using var document = UntrustedJson.Parse(message, s_options);
            return condition(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Predicate<JsonElement> Either(PatternCursor cursor, int depth)
    {
        var left = Both(cursor, depth);
        for (cursor.SkipSpace(); cursor.TryTake("||"); cursor.SkipSpace())
        {
            var (first, second) = (left, Both(cursor, depth));
            left = root => first(root) || second(root);
        }
        return left;
    }

    private static Predicate<JsonElement> Both(PatternCursor cursor, int depth)
    {
        var left = One(cursor, depth);
        for (cursor.SkipSpace(); cursor.TryTake("&&"); cursor.SkipSpace())
        {
            var (first, second) = (left, One(cursor, depth));
            left = root => first(root) && second(root);
        }
        return left;
    }

    private static Predicate<JsonElement> One(PatternCursor cursor, int depth)
    {
        cursor.SkipSpace();
        if (!cursor.TryTake("("))
        {
            return Condition(cursor);
        }
        if (depth == MaximumDepth)
        {
            throw FilterPattern.Invalid($"parentheses are nested deeper than {MaximumDepth}");
        }
        var inner = Either(cursor, depth + 1);
        cursor.Require(")");
        return inner;
    }

    private static Predicate<JsonElement> Condition(PatternCursor cursor)
    {
        var selector = JsonSelector.Take(cursor);
        cursor.SkipSpace();
        if (cursor.TryTakeWord("IS"))
        {
            cursor.SkipSpace();
            var kind = TakeKind(cursor);
            return root => selector.Any(root, value => value.ValueKind == kind);
        }
        if (cursor.TryTakeWord("NOT"))
        {
            cursor.SkipSpace();
            return cursor.TryTakeWord("EXISTS") ? root => !selector.Any(root, static _ => true) : throw cursor.Unexpected();
        }
        if (cursor.TryTakeWord("EXISTS"))
        {
            return root => selector.Any(root, static _ => true);
        }
        var comparison = Comparison.TryTake(cursor, static c => c is ')' or '}' or '&' or '|') ?? throw cursor.Unexpected();
        return root => selector.Any(root, value => Compare(comparison, value));
    }

    private static JsonValueKind TakeKind(PatternCursor cursor)
    {
        if (cursor.TryTakeWord("NULL"))
        {
            return JsonValueKind.Null;
        }
        if (cursor.TryTakeWord("TRUE"))
        {
            return JsonValueKind.True;
        }
        return cursor.TryTakeWord("FALSE") ? JsonValueKind.False : throw cursor.Unexpected();
    }

    // Objects, arrays and null are neither equal nor unequal to anything.
    private static bool Compare(Comparison comparison, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => comparison.HoldsText(value.GetString()!),
        JsonValueKind.Number => comparison.Holds(value.GetDouble(), value.GetRawText()),
        JsonValueKind.True => comparison.HoldsText("true"),
        JsonValueKind.False => comparison.HoldsText("false"),
        _ => false,
    };
}
