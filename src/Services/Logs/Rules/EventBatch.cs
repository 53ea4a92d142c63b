using System.Text;
using Longspan.Api.Logs;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Rules;

/// <summary>
/// What of a batch is taken. Events that are too old, expired or too new are left out and told by index, as AWS does: the two ends are
/// exclusive, the start is inclusive, and each is null when nothing was left out for that reason.
/// </summary>
internal sealed record BatchDecision(IReadOnlyList<RecordEvent> Accepted, int? TooOldEnd, int? ExpiredEnd, int? TooNewStart)
{
    public RejectedLogEventsInfo? Rejected => (TooOldEnd, ExpiredEnd, TooNewStart) is (null, null, null) ? null : new RejectedLogEventsInfo
    {
        TooOldLogEventEndIndex = TooOldEnd,
        ExpiredLogEventEndIndex = ExpiredEnd,
        TooNewLogEventStartIndex = TooNewStart,
    };
}

/// <summary>The rules of a <c>PutLogEvents</c> batch, from its API reference.</summary>
internal static class EventBatch
{
    public const int MaximumEvents = 10_000;
    public const int MaximumBytes = 1_048_576;
    public const int OverheadBytes = 26;
    private static readonly TimeSpan s_longestSpan = TimeSpan.FromHours(24);
    private static readonly TimeSpan s_oldest = TimeSpan.FromDays(14);
    private static readonly TimeSpan s_newest = TimeSpan.FromHours(2);

    /// <param name="expiredBeforeMs">Events before it are past the group's retention.</param>
    public static BatchDecision Decide(List<InputLogEvent>? events, DateTimeOffset now, long expiredBeforeMs)
    {
        RequireCount(events);
        RequireSize(events!);
        RequireOrder(events!);
        var nowMs = now.ToUnixTimeMilliseconds();
        var oldestMs = nowMs - (long)s_oldest.TotalMilliseconds;
        var newestMs = nowMs + (long)s_newest.TotalMilliseconds;
        var accepted = new List<RecordEvent>(events!.Count);
        var (tooOldEnd, expiredEnd, tooNewStart) = ((int?)null, (int?)null, (int?)null);
        for (var i = 0; i < events.Count; i++)
        {
            var at = events[i].Timestamp!.Value;
            if (at < oldestMs)
            {
                tooOldEnd = i + 1;
            }
            else if (at < expiredBeforeMs)
            {
                expiredEnd = i + 1;
            }
            else if (at > newestMs)
            {
                tooNewStart ??= i;
            }
            else
            {
                accepted.Add(new RecordEvent(at, events[i].Message!));
            }
        }
        return new BatchDecision(accepted, tooOldEnd, expiredEnd, tooNewStart);
    }

    private static void RequireCount(List<InputLogEvent>? events)
    {
        switch (events?.Count)
        {
            case null:
                throw LogsFaults.Constraint("logEvents", null, "Member must not be null");
            case 0:
                throw LogsFaults.Constraint("logEvents", "[]", "Member must have length greater than or equal to 1");
            case > MaximumEvents:
                // The value is left out: the message would be as large as the request.
                throw LogsFaults.Constraint("logEvents", "...", $"Member must have length less than or equal to {MaximumEvents}");
        }
    }

    private static void RequireSize(List<InputLogEvent> events)
    {
        var bytes = 0L;
        for (var i = 0; i < events.Count; i++)
        {
            var one = events[i];
            if (one.Message is not { Length: > 0 })
            {
                throw LogsFaults.Constraint(
                    $"logEvents.{i + 1}.member.message", one.Message,
                    one.Message is null ? "Member must not be null" : "Member must have length greater than or equal to 1");
            }
            if (one.Timestamp is null or < 0)
            {
                throw LogsFaults.Constraint(
                    $"logEvents.{i + 1}.member.timestamp", one.Timestamp,
                    one.Timestamp is null ? "Member must not be null" : "Member must have value greater than or equal to 0");
            }
            bytes += Encoding.UTF8.GetByteCount(one.Message) + OverheadBytes;
        }
        if (bytes > MaximumBytes)
        {
            throw new InvalidParameterException($"Upload too large: {bytes} bytes exceeds limit of {MaximumBytes}");
        }
    }

    private static void RequireOrder(List<InputLogEvent> events)
    {
        for (var i = 1; i < events.Count; i++)
        {
            if (events[i].Timestamp < events[i - 1].Timestamp)
            {
                throw new InvalidParameterException("Log events in a single PutLogEvents request must be in chronological order.");
            }
        }
        if (events[^1].Timestamp - events[0].Timestamp > (long)s_longestSpan.TotalMilliseconds)
        {
            throw new InvalidParameterException("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
        }
    }
}
