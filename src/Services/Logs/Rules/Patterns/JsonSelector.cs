using System.Globalization;
using System.Text.Json;

namespace Longspan.Services.Logs.Rules.Patterns;

/// <summary>A path into a JSON event: <c>$.user.name</c>, <c>$.items[0].id</c>, <c>$.items[*].id</c>, <c>$.['odd.name']</c>.</summary>
internal sealed class JsonSelector
{
    private const int MaximumSteps = 32;
    private readonly List<Step> _steps;

    private JsonSelector(List<Step> steps) => _steps = steps;

    /// <summary>A property's name, or an index, or (when both are null) every element of an array.</summary>
    private readonly record struct Step(string? Name, int? Index);

    public static JsonSelector Take(PatternCursor cursor)
    {
        cursor.Require("$");
        var steps = new List<Step>();
        while (cursor.Current is '.' or '[')
        {
            cursor.TryTake(".");
            steps.Add(cursor.Current == '[' ? TakeBracket(cursor) : new Step(TakeName(cursor), null));
            if (steps.Count > MaximumSteps)
            {
                throw FilterPattern.Invalid($"a selector has more than {MaximumSteps} steps");
            }
        }
        return new JsonSelector(steps);
    }

    /// <summary>Whether the test holds for the value, or with <c>[*]</c> for one of the values, that the path leads to.</summary>
    public bool Any(JsonElement root, Predicate<JsonElement> test) => Any(root, 0, test);

    private bool Any(JsonElement value, int at, Predicate<JsonElement> test)
    {
        if (at == _steps.Count)
        {
            return test(value);
        }
        var step = _steps[at];
        if (step.Name is { } name)
        {
            return value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var property) && Any(property, at + 1, test);
        }
        if (value.ValueKind != JsonValueKind.Array)
        {
            return false;
        }
        if (step.Index is { } index)
        {
            return index < value.GetArrayLength() && Any(value[index], at + 1, test);
        }
        foreach (var element in value.EnumerateArray())
        {
            if (Any(element, at + 1, test))
            {
                return true;
            }
        }
        return false;
    }

    private static string TakeName(PatternCursor cursor)
    {
        var name = cursor.TakeUntil(static c => !(char.IsLetterOrDigit(c) || c is '_' or '-' or '@' or ':' or '/'));
        return name.Length > 0 ? name : throw cursor.Unexpected();
    }

    private static Step TakeBracket(PatternCursor cursor)
    {
        cursor.Require("[");
        cursor.SkipSpace();
        Step step;
        if (cursor.Current is '\'' or '"')
        {
            step = new Step(cursor.TakeQuoted(), null);
        }
        else if (cursor.TryTake("*"))
        {
            step = default;
        }
        else
        {
            var digits = cursor.TakeUntil(static c => !char.IsAsciiDigit(c));
            step = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? new Step(null, index) : throw cursor.Unexpected();
        }
        cursor.Require("]");
        return step;
    }
}
