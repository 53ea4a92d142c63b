namespace Longspan.Wire.Client;

/// <summary>
/// The server's time as far as its answers tell it. Signatures are valid for five minutes around the server's clock, and a machine on
/// a customer's premises may have no time service: like AWS's own SDKs, the client then signs by the clock of the one who checks.
/// Timers and time stamps stay the machine's own; only the date moves. Small differences are left alone, so a right clock stays right.
/// </summary>
public sealed class ServerClock(TimeProvider own) : TimeProvider
{
    /// <summary>The header counts whole seconds and an answer may have been on its way for some; what is smaller than this is not skew.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    private long _offsetTicks;

    /// <summary>How far the server is ahead of this machine; zero within the tolerance.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Volatile.Read(ref _offsetTicks));

    public override long TimestampFrequency => own.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => own.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => own.GetUtcNow() + Offset;

    public override long GetTimestamp() => own.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        own.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes the date of an answer. True when what this clock says has moved by more than the tolerance.</summary>
    public bool Observe(DateTimeOffset date)
    {
        var seen = date - own.GetUtcNow();
        var offset = seen.Duration() > Tolerance ? seen : TimeSpan.Zero;
        var moved = (offset - Offset).Duration() > Tolerance;
        if (moved)
        {
            Volatile.Write(ref _offsetTicks, offset.Ticks);
        }
        return moved;
    }
}
