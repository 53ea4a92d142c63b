using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs.Scheduling;

/// <summary>Seeded: a failure names its seed, and the seed alone brings it back.</summary>
public sealed class DeploymentPropertyTests
{
    private const int Seeds = 3000;

    [Fact]
    public void NoStepOfOursBreaksEitherLimit()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var state = State(random);
            AssertLimits(state, DeploymentPlan.Next(state), $"seed {seed}");
        }
    }

    [Fact]
    public void TheSameStateGivesTheSameDecisionInWhateverOrderTheTasksCome()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var state = State(random);
            var shuffled = state.Tasks.ToArray();
            random.Shuffle(shuffled);
            var (one, other) = (DeploymentPlan.Next(state), DeploymentPlan.Next(state with { Tasks = shuffled }));
            Assert.Equal((one.Start, one.Complete, one.Held), (other.Start, other.Complete, other.Held));
            Assert.Equal(one.Stop.Order(), other.Stop.Order());
        }
    }

    [Fact]
    public void ARolloutEndsAndKeepsBothLimitsAllTheWayThoughTasksFailAndCome()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var state = State(random) with { StartsBlocked = false, NoCapacity = false };
            // What AWS refuses as a setting that blocks every rollout.
            state = DeploymentPlan.MaximumTotal(state) > DeploymentPlan.MinimumHealthy(state)
                ? state : state with { MinimumHealthyPercent = 0, MaximumPercent = 200 };
            var step = 0;
            for (var complete = false; !complete; step++)
            {
                Assert.True(step < 500, $"seed {seed}: the rollout does not end");
                var decision = DeploymentPlan.Next(state);
                AssertLimits(state, decision, $"seed {seed}, step {step}");
                complete = decision.Complete;
                state = state with { Tasks = After(state, decision, random, step) };
            }
        }
    }

    private static List<RolloutTask> After(RolloutState state, RolloutDecision decision, Random random, int step)
    {
        var stopped = decision.Stop.Select(s => s.TaskId).ToHashSet();
        var next = state.Tasks.Where(t => !stopped.Contains(t.Id)).ToList();
        for (var i = 0; i < next.Count; i++)
        {
            // Tasks come up in their own time; some fail while there is still patience left.
            var well = next[i] is { Healthy: false } && random.Next(2) == 0;
            next[i] = next[i] with { Protected = false, Unhealthy = step < 50 && random.Next(20) == 0, Healthy = next[i].Healthy || well, Settled = next[i].Settled || next[i].Healthy };
            next[i] = next[i].Unhealthy ? next[i] with { Healthy = false, Settled = false } : next[i];
        }
        next.AddRange(Enumerable.Range(0, decision.Start).Select(i => new RolloutTask($"n{step}-{i}", state.PrimaryId, false, false, false, 1000 + (step * 100) + i)));
        return next;
    }

    private static void AssertLimits(RolloutState state, RolloutDecision decision, string where)
    {
        var stopped = decision.Stop.Select(s => s.TaskId).ToHashSet();
        var kept = state.Tasks.Where(t => !stopped.Contains(t.Id)).ToList();
        var standing = state.Tasks.Count(t => !t.Unhealthy);
        Assert.True(standing + decision.Start <= Math.Max(standing, DeploymentPlan.MaximumTotal(state)), $"{where}: more tasks than the maximum");
        Assert.True(kept.Count(t => t.DeploymentId == state.PrimaryId) + decision.Start <= Math.Max(state.DesiredCount, kept.Count(t => t.DeploymentId == state.PrimaryId)),
            $"{where}: more tasks than are wanted");
        var forRollout = decision.Stop.Where(s => s.Reason == DeploymentPlan.Replaced).Select(s => s.TaskId).ToHashSet();
        if (state.Tasks.Any(t => forRollout.Contains(t.Id) && t.Healthy))
        {
            Assert.True(kept.Count(t => t.Healthy) >= DeploymentPlan.MinimumHealthy(state), $"{where}: fewer healthy tasks than the minimum");
        }
        Assert.True(!state.Tasks.Any(t => stopped.Contains(t.Id) && t.Protected && !t.Unhealthy), $"{where}: a protected task is stopped");
        Assert.Equal(stopped.Count, decision.Stop.Count);
    }

    private static RolloutState State(Random random) => new()
    {
        DesiredCount = random.Next(0, 12),
        MinimumHealthyPercent = random.Next(0, 11) * 10,
        MaximumPercent = 100 + (random.Next(0, 11) * 10),
        PrimaryId = "new",
        StartsBlocked = random.Next(6) == 0,
        NoCapacity = random.Next(6) == 0,
        Tasks = [.. Enumerable.Range(0, random.Next(0, 16)).Select(i =>
        {
            var (healthy, unhealthy) = random.Next(5) switch { 0 => (false, false), 1 => (false, true), _ => (true, false) };
            return new RolloutTask(
                $"t{i}", random.Next(2) == 0 ? "new" : "old", healthy, healthy && random.Next(3) > 0, unhealthy, i, random.Next(8) == 0);
        })],
    };
}
