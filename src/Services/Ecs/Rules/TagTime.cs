using System.Globalization;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Times as the values of our tags: <c>90</c>, <c>90s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>.</summary>
internal static class TagTime
{
    /// <summary>Null for what is no time above zero, or a longer one than <paramref name="longest"/>.</summary>
    public static TimeSpan? Parse(string? text, TimeSpan longest)
    {
        if (text is not { Length: > 0 })
        {
            return null;
        }
        var unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        var digits = unit == 0 ? text : text[..^1];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            && TimeSpan.FromSeconds((long)count * Math.Max(1, unit)) is var time && time <= longest ? time : null;
    }
}
