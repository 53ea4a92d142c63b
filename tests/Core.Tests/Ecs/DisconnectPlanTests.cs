using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class DisconnectPlanTests
{
    private const string Primary = "d1";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private static DisconnectTask Task(string id, long order, Presence presence, bool healthy = true, string deployment = Primary) => new(
        id, deployment, healthy, healthy && presence == Presence.Here, false, order, false, presence,
        presence == Presence.Away ? TimeSpan.FromSeconds(5) : null, presence == Presence.Back ? Long : null);

    private static DisconnectDecision Next(Reunion reunion, int desired, params DisconnectTask[] tasks) => DisconnectPlan.Next(new DisconnectState
    {
        DesiredCount = desired, MinimumHealthy = desired, PrimaryId = Primary, Reunion = reunion, Tasks = tasks,
    });

    [Fact]
    public void A_task_is_lost_when_its_time_is_over_and_not_before()
    {
        var early = Next(Reunion.KeepOriginal, 2, Task("a", 0, Presence.Here), Task("b", 1, Presence.Away));
        Assert.Empty(early.Lose);
        Assert.Equal(TimeSpan.FromSeconds(5), early.LookAgainIn);
        Assert.Equal(["b"], Next(Reunion.KeepOriginal, 2, Task("b", 1, Presence.Away) with { Due = TimeSpan.Zero }).Lose);
        Assert.Null(Next(Reunion.KeepOriginal, 1, Task("b", 1, Presence.Away) with { Due = null }).LookAgainIn);
    }

    [Theory]
    [InlineData(nameof(Reunion.KeepOriginal))]
    [InlineData(nameof(Reunion.KeepReplacement))]
    [InlineData(nameof(Reunion.HandOver))]
    public void A_task_that_was_not_replaced_takes_its_place_again(string reunion)
    {
        var decision = Next(Enum.Parse<Reunion>(reunion), 2, Task("a", 0, Presence.Back), Task("b", 1, Presence.Here));
        Assert.Equal(["a"], decision.Adopt);
        Assert.Empty(decision.Stop);
    }

    [Fact]
    public void Each_policy_stops_the_copy_that_it_names()
    {
        DisconnectTask[] both = [Task("a", 0, Presence.Here), Task("b", 1, Presence.Back), Task("c", 2, Presence.Here)];
        var original = Next(Reunion.KeepOriginal, 2, both);
        Assert.Equal(["b"], original.Adopt);
        Assert.Equal([("c", DisconnectPlan.ReplacementLeaves)], original.Stop);
        var replacement = Next(Reunion.KeepReplacement, 2, both);
        Assert.Empty(replacement.Adopt);
        Assert.Equal([("b", DisconnectPlan.OriginalLeaves)], replacement.Stop);
        Assert.Equal(original.Stop, Next(Reunion.HandOver, 2, both).Stop);
    }

    [Fact]
    public void Nothing_is_decided_about_a_task_that_its_node_has_not_shown()
    {
        var decision = Next(Reunion.KeepOriginal, 2,
            Task("a", 0, Presence.Here), Task("b", 1, Presence.Back) with { Shown = null }, Task("c", 2, Presence.Here));
        Assert.Empty(decision.Adopt);
        Assert.Empty(decision.Stop);
    }

    [Fact]
    public void A_hand_over_waits_until_the_original_has_been_healthy_for_a_while()
    {
        DisconnectTask[] early =
            [Task("a", 0, Presence.Back) with { Shown = TimeSpan.FromSeconds(10) }, Task("b", 1, Presence.Here)];
        var decision = Next(Reunion.HandOver, 1, early);
        Assert.Empty(decision.Stop);
        Assert.Equal(TimeSpan.FromSeconds(20), decision.LookAgainIn);
        Assert.Empty(Next(Reunion.HandOver, 1, Task("a", 0, Presence.Back, healthy: false), Task("b", 1, Presence.Here)).Stop);
        Assert.Equal("b", Next(Reunion.HandOver, 1, Task("a", 0, Presence.Back), Task("b", 1, Presence.Here)).Stop.Single().TaskId);
    }

    [Fact]
    public void An_original_is_not_given_up_for_a_replacement_that_is_still_starting()
    {
        var decision = Next(Reunion.KeepReplacement, 1, Task("a", 0, Presence.Back), Task("b", 1, Presence.Here, healthy: false));
        Assert.Empty(decision.Stop);
    }

    [Fact]
    public void What_comes_back_to_a_newer_deployment_is_the_rollouts_business()
    {
        var decision = Next(Reunion.KeepOriginal, 1, Task("a", 0, Presence.Back, deployment: "d0"), Task("b", 1, Presence.Here));
        Assert.Equal(["a"], decision.Adopt);
        Assert.Empty(decision.Stop);
    }

    [Fact]
    public void A_service_that_became_smaller_gives_up_what_comes_back()
    {
        var decision = Next(Reunion.KeepOriginal, 1, Task("a", 0, Presence.Here), Task("b", 1, Presence.Back));
        Assert.Equal("b", decision.Stop.Single().TaskId);
        Assert.Equal("b", Next(Reunion.KeepOriginal, 0, Task("b", 1, Presence.Back)).Stop.Single().TaskId);
    }

    /// <summary>Whatever the state, our own moves take no service below its minimum, over its count, or a protected task; and they end.</summary>
    [Fact]
    public void Decisions_hold_their_promises_in_any_state()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var desired = random.Next(0, 6);
            var state = new DisconnectState
            {
                DesiredCount = desired, MinimumHealthy = random.Next(0, desired + 1), PrimaryId = Primary,
                Reunion = (Reunion)random.Next(3), Tasks = [.. Enumerable.Range(0, random.Next(0, 12)).Select(i => Any(random, i))],
            };
            for (var round = 0; ; round++)
            {
                var decision = DisconnectPlan.Next(state);
                var mirrored = DisconnectPlan.Next(state with { Tasks = [.. state.Tasks.Reverse()] });
                Assert.Equal(decision.Stop.Order(), mirrored.Stop.Order());
                Assert.Equal(decision.Adopt.Order(), mirrored.Adopt.Order());
                var next = Applied(state, decision);
                Check(state, decision, next, seed);
                if (decision is { Stop.Count: 0, Adopt.Count: 0, Lose.Count: 0 })
                {
                    break;
                }
                Assert.True(round < 12, $"seed {seed} does not come to rest");
                state = next;
            }
        }
    }

    private static DisconnectTask Any(Random random, int order)
    {
        var presence = (Presence)random.Next(4);
        var healthy = random.Next(4) > 0;
        return new DisconnectTask(
            $"t{order}", random.Next(5) == 0 ? "d0" : Primary, healthy, healthy && presence == Presence.Here && random.Next(3) > 0,
            !healthy && random.Next(2) == 0, order, random.Next(6) == 0, presence,
            presence == Presence.Away && random.Next(2) == 0 ? TimeSpan.FromSeconds(random.Next(-5, 5)) : null,
            presence == Presence.Back && random.Next(4) > 0 ? TimeSpan.FromSeconds(random.Next(60)) : null);
    }

    private static DisconnectState Applied(DisconnectState state, DisconnectDecision decision)
    {
        var stopped = decision.Stop.Select(s => s.TaskId).ToHashSet();
        return state with
        {
            Tasks =
            [
                .. state.Tasks.Where(t => !stopped.Contains(t.Id)).Select(t =>
                    decision.Lose.Contains(t.Id) ? t with { Presence = Presence.Lost, Due = null }
                    : decision.Adopt.Contains(t.Id) ? t with { Presence = Presence.Here, Shown = null, Settled = t.Healthy } : t),
            ],
        };
    }

    private static void Check(DisconnectState state, DisconnectDecision decision, DisconnectState next, int seed)
    {
        static IEnumerable<DisconnectTask> Counted(DisconnectState s) => s.Tasks.Where(t => t.Presence is Presence.Here or Presence.Away);
        var byId = state.Tasks.ToDictionary(t => t.Id);
        Assert.All(decision.Stop, s => Assert.False(byId[s.TaskId].Protected, $"seed {seed}"));
        Assert.All(decision.Stop, s => Assert.NotEqual(Presence.Lost, byId[s.TaskId].Presence));
        var before = Counted(state).Count(t => t.Healthy && !decision.Lose.Contains(t.Id));
        Assert.True(Counted(next).Count(t => t.Healthy) >= Math.Min(before, state.MinimumHealthy), $"seed {seed}: below the minimum");
        int Places(DisconnectState s) => Counted(s).Count(t => t.DeploymentId == Primary && !t.Unhealthy);
        Assert.True(Places(next) <= Math.Max(state.DesiredCount, Places(state)), $"seed {seed}: more than the count");
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("2h", 7200)]
    [InlineData("30d", 2592000)]
    public void Times_are_read(string text, int seconds) => Assert.Equal(
        TimeSpan.FromSeconds(seconds),
        DisconnectPolicy.Of(new Dictionary<string, string> { [DisconnectPolicy.ReplaceAfterTag] = text }, new Dictionary<string, string>()).For("EXTERNAL"));

    [Fact]
    public void Defaults_are_those_of_ECS_and_a_service_overrides_its_cluster()
    {
        Dictionary<string, string> none = [];
        Dictionary<string, string> never = new() { [DisconnectPolicy.ReplaceAfterTag] = "never" };
        Dictionary<string, string> soon = new() { [DisconnectPolicy.ReplaceAfterTag] = "10s" };
        Assert.Null(DisconnectPolicy.Of(none, none).For("EXTERNAL"));
        Assert.Null(DisconnectPolicy.Of(none, none).For("EC2"));
        Assert.Equal(DisconnectPolicy.FargateDefault, DisconnectPolicy.Of(none, none).For("FARGATE"));
        Assert.Null(DisconnectPolicy.Of(never, soon).For("FARGATE"));
        Assert.Equal(TimeSpan.FromSeconds(10), DisconnectPolicy.Of(none, soon).For("EXTERNAL"));
    }
}
