using Longspan.Services.Ecs.Link;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>The timer of all links, on a clock that the test moves.</summary>
public sealed class LinkWheelTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task EachSessionIsLookedAtInEveryRoundAndNeverMoreOften()
    {
        using var wheel = new LinkWheel(_clock);
        var (early, late) = (new Counter(), new Counter());
        using var first = wheel.Join(early);
        await UntilAsync(early, 1);
        using var second = wheel.Join(late);
        var before = early.Looks;

        _clock.Advance(LinkWheel.Round * 7);
        await UntilAsync(early, before + 1);
        await UntilAsync(late, 1);

        // The clock moves while the wheel turns, so it may see each of the seven rounds or only the last.
        Assert.InRange(early.Looks - before, 1, 7);
        Assert.InRange(late.Looks, 1, 7);
    }

    [Fact]
    public async Task OneThatHasLeftIsNotLookedAt()
    {
        using var wheel = new LinkWheel(_clock);
        var (gone, stays) = (new Counter(), new Counter());
        wheel.Join(gone).Dispose();
        using var seat = wheel.Join(stays);

        await UntilAsync(stays, 2);

        Assert.Equal(0, gone.Looks);
    }

    // Moves the clock by less than a step at a time, as real time does.
    private Task UntilAsync(Counter session, int looks) => EcsCloud.UntilAsync("looked at", () =>
    {
        if (session.Looks < looks)
        {
            _clock.Advance(LinkWheel.Round / 50);
        }
        return Task.FromResult(session.Looks);
    }, n => n >= looks);

    private sealed class Counter : IWheelSession
    {
        private int _looks;

        public int Looks => Volatile.Read(ref _looks);

        public void Look(ReadOnlyMemory<byte> heartbeat) => Interlocked.Increment(ref _looks);
    }
}
