using System.Globalization;
using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>When a secret is rotated: the windows that its rules open, in UTC.</summary>
internal static class RotationSchedule
{
    private const int MaximumDays = 1000;
    private const int MaximumRate = 999;
    private const int ShortestHours = 4;
    private const int HoursInDay = 24;

    /// <summary>The rules of a request in the place of those that the rotation has; refused when they make no schedule.</summary>
    public static SecretRotation With(SecretRotation rotation, RotationRulesType? rules)
    {
        if (rules is null)
        {
            return rotation;
        }
        if (rules.AutomaticallyAfterDays is not null && rules.ScheduleExpression is not null)
        {
            throw new InvalidParameterException("You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.");
        }
        if (rules.AutomaticallyAfterDays is < 1 or > MaximumDays)
        {
            throw new InvalidParameterException($"RotationRules.AutomaticallyAfterDays must be within 1-{MaximumDays}.");
        }
        if (rules.AutomaticallyAfterDays is null && rules.ScheduleExpression is null)
        {
            throw new InvalidParameterException("You must specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules.");
        }
        var changed = rotation with
        {
            AutomaticallyAfterDays = rules.AutomaticallyAfterDays,
            ScheduleExpression = rules.ScheduleExpression,
            Duration = rules.Duration,
        };
        CheckWindow(changed);
        return changed;
    }

    /// <summary>The window that follows a rotation (or a change of the rules) at this time; null without a schedule.</summary>
    public static DateTimeOffset? NextOpening(SecretRotation rotation, DateTimeOffset after)
    {
        if (Parse(rotation) is not { } schedule)
        {
            return null;
        }
        var midnight = Midnight(after);
        return schedule.Cron is { } cron ? cron.Next(after)
            : schedule.Hours is { } hours ? midnight.AddHours(after.UtcDateTime.Hour + hours)
            : midnight.AddDays(schedule.Days!.Value);
    }

    /// <summary>The last second of the window that opens at this time.</summary>
    public static DateTimeOffset LastSecond(SecretRotation rotation, DateTimeOffset opening) =>
        (Hours(rotation.Duration) is { } length ? opening.AddHours(length)
            : Parse(rotation) is { Hours: not null } or { Cron.IsHourly: true } ? opening.AddHours(1)
            : Midnight(opening).AddDays(1)).AddSeconds(-1);

    /// <summary>With a number of days, a new value that somebody put by hand counts as a rotation.</summary>
    public static SecretDocument AfterChangeByHand(SecretDocument before, SecretDocument after, DateTimeOffset now) =>
        after.Rotation is { IsEnabled: true, AutomaticallyAfterDays: not null } rotation && before.VersionOf(Stages.Current) != after.VersionOf(Stages.Current)
            ? after with { Rotation = rotation with { NextAt = NextOpening(rotation, now) } }
            : after;

    private static void CheckWindow(SecretRotation rotation)
    {
        var schedule = Parse(rotation)
            ?? throw new InvalidParameterException("The ScheduleExpression in RotationRules is not a valid rate() or cron() expression.");
        if (rotation.Duration is null)
        {
            return;
        }
        if (Hours(rotation.Duration) is not { } length)
        {
            throw new InvalidParameterException("The Duration in RotationRules must be a number of hours, for example 3h.");
        }
        var opening = NextOpening(rotation, DateTimeOffset.UnixEpoch) ?? DateTimeOffset.UnixEpoch;
        var gap = schedule.Hours ?? schedule.Cron?.ShortestGap ?? HoursInDay;
        if (length > gap || (schedule.Hours is null && opening.UtcDateTime.Hour + length > HoursInDay))
        {
            throw new InvalidParameterException("The rotation window must not extend into the next UTC day or into the next rotation window.");
        }
    }

    private static (CronExpression? Cron, int? Hours, int? Days)? Parse(SecretRotation rotation)
    {
        if (rotation.AutomaticallyAfterDays is { } after)
        {
            return (null, null, (int)after);
        }
        var text = rotation.ScheduleExpression ?? "";
        if (!text.EndsWith(')'))
        {
            return null;
        }
        if (text.StartsWith("cron(", StringComparison.Ordinal))
        {
            return CronExpression.TryParse(text[5..^1]) is { } cron && cron.Next(DateTimeOffset.UnixEpoch) is not null ? (cron, null, null) : null;
        }
        if (!text.StartsWith("rate(", StringComparison.Ordinal) || text[5..^1].Split(' ') is not [var number, var unit]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value is < 1 or > MaximumRate)
        {
            return null;
        }
        return unit switch
        {
            "hour" or "hours" => value >= ShortestHours ? (null, value, null) : null,
            "day" or "days" => (null, null, value),
            _ => null,
        };
    }

    private static int? Hours(string? duration) =>
        duration is [.., 'h'] && int.TryParse(duration.AsSpan(0, duration.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
        && hours is >= 1 and <= HoursInDay
            ? hours
            : null;

    private static DateTimeOffset Midnight(DateTimeOffset time) => new(time.UtcDateTime.Date, TimeSpan.Zero);
}
