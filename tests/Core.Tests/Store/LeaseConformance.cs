using Longspan.Store.Documents;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>One holder at a time, and whoever was replaced can no longer commit.</summary>
public abstract class LeaseConformance : DocumentLogCase
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(15);

    private ValueTask<Lease?> TakeAsync(string holder, bool evenIfHeld = false) => Log.AcquireLeaseAsync("shard", holder, Life, default, evenIfHeld);

    private async Task<CommitStatus> CommitUnderAsync(Lease lease) =>
        (await Log.CommitAsync(new Commit().Put(Plain, Scope, "n", new Sample(lease.Holder)).Under(lease.Fence), default)).Status;

    [Fact]
    public async Task AHeldLeaseIsRefusedUntilItLapses()
    {
        var first = (await TakeAsync("one"))!;
        Assert.Equal(Clock.GetUtcNow() + Life, first.Expires);
        Clock.Advance(Life - TimeSpan.FromMilliseconds(1));
        Assert.Null(await TakeAsync("two"));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        var second = (await TakeAsync("two"))!;
        Assert.True(second.Epoch > first.Epoch);
        Assert.Null(await TakeAsync("one"));
        Assert.Equal([second], await Log.ListLeasesAsync(default));
    }

    [Fact]
    public async Task RenewingKeepsTheEpochAndFailsAfterATakeOver()
    {
        var first = (await TakeAsync("one"))!;
        Clock.Advance(Life * 2);
        var renewed = (await Log.RenewLeaseAsync(first, Life, default))!;
        Assert.Equal(first.Epoch, renewed.Epoch);
        Assert.Equal(Clock.GetUtcNow() + Life, renewed.Expires);
        var second = (await TakeAsync("two", evenIfHeld: true))!;
        Assert.Null(await Log.RenewLeaseAsync(renewed, Life, default));
        Assert.False(await Log.ReleaseLeaseAsync(renewed, default));
        Assert.NotNull(await Log.RenewLeaseAsync(second, Life, default));
    }

    [Fact]
    public async Task ARestartedHolderGetsANewEpochAtOnce()
    {
        var before = (await TakeAsync("one"))!;
        var after = (await TakeAsync("one"))!;
        Assert.True(after.Epoch > before.Epoch);
        Assert.Equal(CommitStatus.Fenced, await CommitUnderAsync(before));
        Assert.Equal(CommitStatus.Committed, await CommitUnderAsync(after));
    }

    [Fact]
    public async Task OnlyTheCurrentEpochCommits()
    {
        var first = (await TakeAsync("one"))!;
        Assert.Equal(CommitStatus.Committed, await CommitUnderAsync(first));
        Clock.Advance(Life * 2);
        // Late, but nobody has taken over: harmless, and no clock decides it.
        Assert.Equal(CommitStatus.Committed, await CommitUnderAsync(first));
        var second = (await TakeAsync("two"))!;
        Assert.Equal(CommitStatus.Fenced, await CommitUnderAsync(first));
        Assert.Equal("one", await TextAsync("n"));
        Assert.Equal(CommitStatus.Committed, await CommitUnderAsync(second));
        Assert.True(await Log.ReleaseLeaseAsync(second, default));
        Assert.Equal(CommitStatus.Fenced, await CommitUnderAsync(second));
        Assert.Equal(CommitStatus.Fenced, (await Log.CommitAsync(new Commit().Put(Plain, Scope, "n", new Sample("x")).Under(new LeaseFence("none", 1)), default)).Status);
    }

    [Fact]
    public async Task AReleasedLeaseIsFreeAtOnceAndItsEpochIsNeverGivenAgain()
    {
        var first = (await TakeAsync("one"))!;
        Assert.True(await Log.ReleaseLeaseAsync(first, default));
        Assert.False(await Log.ReleaseLeaseAsync(first, default));
        var second = (await TakeAsync("two"))!;
        Assert.True(second.Epoch > first.Epoch);
    }

    [Fact]
    public async Task LeasesMakeNoRevisionAndAreListedByPrefix()
    {
        foreach (var name in new[] { "node/b", "node/a", "shard/1" })
        {
            Assert.NotNull(await Log.AcquireLeaseAsync(name, "me", Life, default));
        }
        Assert.Equal(0, Log.Revision);
        Assert.Equal(["node/a", "node/b"], (await Log.ListLeasesAsync(default, "node/")).Select(lease => lease.Name));
    }

    [Fact]
    public async Task OfManyWhoTryAtOnceOneHolds()
    {
        var tries = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => TakeAsync($"holder-{i}").AsTask()));
        var winner = Assert.Single(tries, lease => lease is not null);
        Assert.Equal(CommitStatus.Committed, await CommitUnderAsync(winner!));
    }
}
