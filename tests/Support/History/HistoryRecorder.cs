namespace Longspan.Support.History;

/// <summary>Writes a history down: each call before it is made, each answer after it has come. Any number of threads.</summary>
/// <param name="firstCall">Numbers of calls begin here; processes that share a history take ranges of their own.</param>
/// <param name="aheadMicros">Added to every time: for calls made under a clock that was set ahead.</param>
public sealed class HistoryRecorder(Action<HistoryEvent> write, long firstCall, long aheadMicros = 0)
{
    private long _calls = firstCall;

    public static long NowMicros => TimeProvider.System.GetTimestamp() / (TimeProvider.System.TimestampFrequency / 1_000_000);

    public HistoryEvent Call(string kind, string queue, IReadOnlyList<HistoryItem> items, long millis = 0, string? attempt = null)
    {
        var number = Interlocked.Increment(ref _calls);
        var call = new HistoryEvent(true, NowMicros + aheadMicros, number, kind, queue) { Items = items, Millis = millis, Attempt = attempt };
        write(call);
        return call;
    }

    public void Answer(HistoryEvent call, IReadOnlyList<HistoryItem> items, HistoryOutcome outcome = HistoryOutcome.Done) =>
        write(call with { IsCall = false, At = NowMicros + aheadMicros, Items = items, Outcome = outcome });
}
