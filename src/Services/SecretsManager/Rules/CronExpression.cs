using System.Globalization;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>
/// A cron expression as rotation schedules have it: six fields, minutes zero and any year, whole hours of UTC. Days of the month know lists,
/// ranges, steps, <c>L</c> and <c>nW</c>; days of the week know names, <c>d#n</c> and <c>dL</c>.
/// </summary>
internal sealed class CronExpression
{
    private const int Fields = 6;
    private const int DaysInWeek = 7;
    /// <summary>A day that does not come within so many days, such as the 30th of February, never does.</summary>
    private const int Horizon = 366 * 8;
    private static readonly string[] s_months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] s_days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly HashSet<int> _hours;
    private readonly HashSet<int> _months;
    private readonly Func<DateOnly, bool> _day;

    private CronExpression(HashSet<int> hours, HashSet<int> months, Func<DateOnly, bool> day) => (_hours, _months, _day) = (hours, months, day);

    /// <summary>Whether the schedule has several hours a day; its windows are then an hour long unless told otherwise.</summary>
    public bool IsHourly => _hours.Count > 1;

    /// <summary>The shortest time between two openings on one day, in hours; 24 when there is one a day.</summary>
    public int ShortestGap
    {
        get
        {
            var hours = _hours.Order().ToList();
            return hours.Count == 1 ? 24 : hours.Zip(hours.Skip(1), (a, b) => b - a).Append(24 - hours[^1] + hours[0]).Min();
        }
    }

    /// <summary>What stands between the parentheses of <c>cron(…)</c>; null when it is no schedule.</summary>
    public static CronExpression? TryParse(string text)
    {
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != Fields || fields[0] != "0" || fields[5] != "*" || (fields[2] == "?") == (fields[4] == "?"))
        {
            return null;
        }
        var hours = Set(fields[1], 0, 23, []);
        var months = Set(fields[3], 1, 12, s_months);
        var day = fields[4] == "?" ? AnyOf(fields[2], DayOfMonth) : AnyOf(fields[4], DayOfWeek);
        return hours is null || months is null || day is null ? null : new CronExpression(hours, months, day);
    }

    /// <summary>The first opening after this time; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var utc = after.UtcDateTime;
        var date = DateOnly.FromDateTime(utc);
        for (var i = 0; i < Horizon; i++, date = date.AddDays(1))
        {
            if (!_months.Contains(date.Month) || !_day(date))
            {
                continue;
            }
            foreach (var hour in _hours.Order())
            {
                var opening = new DateTimeOffset(date.Year, date.Month, date.Day, hour, 0, 0, TimeSpan.Zero);
                if (opening > after)
                {
                    return opening;
                }
            }
        }
        return null;
    }

    private static Func<DateOnly, bool>? AnyOf(string field, Func<string, Func<DateOnly, bool>?> read)
    {
        var tests = field.Split(',').Select(read).ToList();
        return tests.Contains(null) ? null : date => tests.Exists(test => test!(date));
    }

    private static Func<DateOnly, bool>? DayOfMonth(string part)
    {
        if (part == "L")
        {
            return date => date.Day == DateTime.DaysInMonth(date.Year, date.Month);
        }
        if (part.EndsWith('W') && Number(part[..^1], []) is { } near and >= 1 and <= 31)
        {
            return date => near <= DateTime.DaysInMonth(date.Year, date.Month) && date == NearestWeekday(new DateOnly(date.Year, date.Month, near));
        }
        return Set(part, 1, 31, []) is { } days ? date => days.Contains(date.Day) : null;
    }

    private static Func<DateOnly, bool>? DayOfWeek(string part)
    {
        if (part.Split('#') is [var day, var nth])
        {
            return Number(day, s_days) is { } d and >= 1 and <= DaysInWeek && Number(nth, []) is { } n and >= 1 and <= 5
                ? date => Of(date) == d && (date.Day - 1) / DaysInWeek == n - 1
                : null;
        }
        if (part.EndsWith('L'))
        {
            return (part == "L" ? DaysInWeek : Number(part[..^1], s_days)) is { } last and >= 1 and <= DaysInWeek
                ? date => Of(date) == last && date.Day + DaysInWeek > DateTime.DaysInMonth(date.Year, date.Month)
                : null;
        }
        return Set(part, 1, DaysInWeek, s_days) is { } days ? date => days.Contains(Of(date)) : null;
    }

    // Sunday is the first day of the week.
    private static int Of(DateOnly date) => (int)date.DayOfWeek + 1;

    // Never leaves the month.
    private static DateOnly NearestWeekday(DateOnly day) => day.DayOfWeek switch
    {
        System.DayOfWeek.Saturday => day.Day == 1 ? day.AddDays(2) : day.AddDays(-1),
        System.DayOfWeek.Sunday => day.Day == DateTime.DaysInMonth(day.Year, day.Month) ? day.AddDays(-2) : day.AddDays(1),
        _ => day,
    };

    private static HashSet<int>? Set(string field, int least, int most, string[] names)
    {
        HashSet<int> set = [];
        foreach (var part in field.Split(','))
        {
            var (range, step) = part.Split('/') switch
            {
                [var whole] => (whole, 1),
                [var start, var each] => (start, Number(each, []) ?? 0),
                _ => ("", 0),
            };
            var (from, to) = range switch
            {
                "*" => (least, most),
                _ when range.Split('-') is [var a, var b] => (Number(a, names) ?? -1, Number(b, names) ?? -1),
                // A step counts from its start to the end.
                _ => (Number(range, names) ?? -1, part == range ? Number(range, names) ?? -1 : most),
            };
            if (step < 1 || from < least || to > most || from > to)
            {
                return null;
            }
            for (var value = from; value <= to; value += step)
            {
                set.Add(value);
            }
        }
        return set;
    }

    private static int? Number(string text, string[] names)
    {
        var named = Array.FindIndex(names, n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
        return named >= 0 ? named + 1 : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
