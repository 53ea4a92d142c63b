using Longspan.AgentLink;
using Longspan.Kernel;

namespace Longspan.Services.Ecs.Link;

/// <summary>A link's session as the wheel sees it.</summary>
internal interface IWheelSession
{
    /// <summary>Does what is due by the time: never waits, never throws.</summary>
    /// <param name="heartbeat">A heartbeat for the control link, ready to be sent.</param>
    void Look(ReadOnlyMemory<byte> heartbeat);
}

/// <summary>
/// The one timer of all links. Each session is looked at once in a round, a whole number of rounds after it came, so thousands of links have no
/// timers of their own, their heartbeats are spread over the round as the links are, and those that are due together are sent by one thread, one after the
/// other. A round that comes late leaves looks out; it never makes two of them.
/// </summary>
internal sealed class LinkWheel(TimeProvider clock) : IDisposable
{
    public static readonly TimeSpan Round = TimeSpan.FromSeconds(5);
    private const int Steps = 20;
    private static readonly TimeSpan Step = Round / Steps;

    private readonly Lock _gate = new();
    private readonly HashSet<IWheelSession>[] _steps = [.. Enumerable.Range(0, Steps).Select(_ => new HashSet<IWheelSession>())];
    private readonly List<IWheelSession> _due = [];
    private readonly CancellationTokenSource _end = new();
    private readonly long _started = clock.GetTimestamp();
    private Task? _turning;

    /// <summary>Looks at the session once in every round from now on, for the first time when one is over, until the seat is given up.</summary>
    public Seat Join(IWheelSession session)
    {
        var step = _steps[Position() % Steps];
        lock (_gate)
        {
            step.Add(session);
            _turning ??= Task.Run(TurnAsync);
        }
        return new Seat(this, step, session);
    }

    /// <summary>Ends the turning. Sessions that are still there are not looked at any more.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private long Position() => (long)(clock.GetElapsedTime(_started) / Step);

    private async Task TurnAsync()
    {
        using var timer = new PeriodicTimer(Step, clock);
        var position = Position();
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                var now = Position();
                for (position = Math.Max(position, now - Steps); position < now; position++)
                {
                    Look(_steps[(position + 1) % Steps]);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private void Look(HashSet<IWheelSession> step)
    {
        lock (_gate)
        {
            _due.Clear();
            _due.AddRange(step);
        }
        if (_due.Count > 0)
        {
            // Its id is for the log of the agent that gets it; nobody compares those of two agents.
            var heartbeat = AgentFrame.Encode(new HeartbeatMessage { MessageId = Ids.Uuid(), Healthy = true });
            foreach (var session in _due)
            {
                session.Look(heartbeat);
            }
        }
    }

    /// <summary>A session's place on the wheel.</summary>
    internal readonly struct Seat(LinkWheel wheel, HashSet<IWheelSession> step, IWheelSession session) : IDisposable
    {
        public void Dispose()
        {
            lock (wheel._gate)
            {
                step.Remove(session);
            }
        }
    }
}
