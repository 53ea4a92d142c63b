using Longspan.Api.Logs;

namespace Longspan.Services.Logs.Rules;

/// <summary>Start and end of a question for events: the start is inclusive, the end exclusive once read.</summary>
internal static class TimeRange
{
    public static (long FromMs, long BeforeMs) Read(long? start, long? end)
    {
        RequireNotNegative(start, "startTime");
        RequireNotNegative(end, "endTime");
        return start > end
            ? throw new InvalidParameterException("The start time must not be after the end time.")
            : (start ?? 0, end ?? long.MaxValue);
    }

    /// <summary>For the operation whose end counts as inside.</summary>
    public static (long FromMs, long BeforeMs) ReadInclusive(long? start, long? end)
    {
        var (fromMs, beforeMs) = Read(start, end);
        return (fromMs, beforeMs == long.MaxValue ? beforeMs : beforeMs + 1);
    }

    private static void RequireNotNegative(long? time, string member)
    {
        if (time < 0)
        {
            throw LogsFaults.Constraint(member, time, "Member must have value greater than or equal to 0");
        }
    }
}
