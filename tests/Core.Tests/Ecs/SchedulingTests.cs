using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class PlacementTests
{
    private static NodeCapacity Node(string id, int memory = 1000, int cpu = 1000, params (string Name, string Value)[] attributes) => new()
    {
        InstanceId = id,
        Attributes = attributes.ToDictionary(a => a.Name, a => a.Value),
        FreeCpuUnits = cpu,
        FreeMemoryMib = memory,
        UsedTcpPorts = new HashSet<int> { 22 },
        UsedUdpPorts = new HashSet<int>(),
        TasksByGroup = new Dictionary<string, int>(),
        TaskCount = 0,
    };

    private static PlacementRequest Ask(int memory = 100, int cpu = 100) => new() { Group = "service:web", MemoryMib = memory, CpuUnits = cpu };

    private static string[] PlaceAll(List<NodeCapacity> nodes, PlacementRequest request, int count)
    {
        var places = new List<string>();
        for (var i = 0; i < count && Placement.Place(nodes, request) is { InstanceId: { } id }; i++)
        {
            var at = nodes.FindIndex(n => n.InstanceId == id);
            nodes[at] = nodes[at].Take(request);
            places.Add(id);
        }
        return [.. places];
    }

    [Fact]
    public void TasksOfAServiceAreSpreadEvenly()
    {
        var places = PlaceAll([Node("a"), Node("b"), Node("c")], Ask(), 6);
        Assert.All(places.CountBy(p => p), p => Assert.Equal(2, p.Value));
    }

    [Fact]
    public void BinpackFillsOneNodeFirst()
    {
        var request = Ask() with { Strategy = [new PlacementRule("binpack", "memory")] };
        Assert.Equal(["b", "b", "b", "a"], PlaceAll([Node("a", memory: 400), Node("b", memory: 300)], request, 4));
    }

    [Fact]
    public void SpreadOverZonesCountsTheZoneNotTheNode()
    {
        var request = Ask() with { Strategy = [new PlacementRule("spread", "attribute:ecs.availability-zone")] };
        List<NodeCapacity> nodes =
        [
            Node("a1", attributes: ("ecs.availability-zone", "a")), Node("a2", attributes: ("ecs.availability-zone", "a")),
            Node("b1", attributes: ("ecs.availability-zone", "b")),
        ];
        var places = PlaceAll(nodes, request, 4);
        Assert.Equal(2, places.Count(p => p == "b1"));
    }

    [Theory]
    [InlineData(2000, 100, 0, Placement.Memory)]
    [InlineData(100, 2000, 0, Placement.Cpu)]
    [InlineData(100, 100, 22, Placement.Ports)]
    public void TheReasonNamesWhatIsMissing(int memory, int cpu, int port, string reason)
    {
        var request = Ask(memory, cpu) with { TcpPorts = port == 0 ? [] : [port] };
        var decision = Placement.Place([Node("a")], request);
        Assert.Equal((false, reason, "a"), (decision.IsPlaced, decision.Reason, decision.ClosestInstanceId));
    }

    [Fact]
    public void AttributesConstraintsAndDistinctInstanceAreHeld()
    {
        var site = Node("a", attributes: ("site", "cloud"));
        Assert.Equal(Placement.Attribute, Placement.Refusal(site, Ask() with { RequiredAttributes = ["gpu"] }));
        Assert.True(ClusterQuery.TryParse("attribute:site == on-premises", out var elsewhere, out _));
        Assert.Equal(Placement.MemberOf, Placement.Refusal(site, Ask() with { Constraints = [elsewhere] }));
        var distinct = Ask() with { DistinctInstance = true };
        Assert.Equal(Placement.Distinct, Placement.Refusal(site.Take(distinct), distinct));
        Assert.Equal(Placement.NoInstance, Placement.Place([], Ask()).Reason);
    }

    [Fact]
    public void NoPlanExceedsWhatANodeHasFree()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var nodes = Enumerable.Range(0, random.Next(1, 6)).Select(i => Node($"n{i}", random.Next(0, 2000), random.Next(0, 2000))).ToList();
            var taken = nodes.ToDictionary(n => n.InstanceId, _ => (Memory: 0, Cpu: 0, Ports: new HashSet<int>()));
            var free = nodes.ToDictionary(n => n.InstanceId, n => (n.FreeMemoryMib, n.FreeCpuUnits));
            for (var i = 0; i < 60; i++)
            {
                var request = Ask(random.Next(1, 400), random.Next(0, 400)) with
                {
                    TcpPorts = random.Next(3) == 0 ? [8000 + random.Next(4)] : [],
                    Strategy = random.Next(2) == 0 ? [new PlacementRule("binpack", "cpu")] : [],
                };
                var decision = Placement.Place(nodes, request);
                if (decision.InstanceId is not { } id)
                {
                    Assert.All(nodes, n => Assert.NotNull(Placement.Refusal(n, request)));
                    continue;
                }
                var at = nodes.FindIndex(n => n.InstanceId == id);
                nodes[at] = nodes[at].Take(request);
                var sum = taken[id];
                Assert.All(request.TcpPorts, p => Assert.True(sum.Ports.Add(p), $"seed {seed}: port {p} twice on {id}"));
                taken[id] = (sum.Memory + request.MemoryMib, sum.Cpu + request.CpuUnits, sum.Ports);
                Assert.True(taken[id].Memory <= free[id].FreeMemoryMib && taken[id].Cpu <= free[id].FreeCpuUnits, $"seed {seed}: {id} overfilled");
            }
        }
    }
}

public sealed class DeploymentPlanTests
{
    private sealed class Simulation(int seed, int desired, int minimum, int maximum, int capacity)
    {
        private readonly Random _random = new(seed);
        private readonly List<(string Id, string Deployment, bool Healthy, long Order)> _tasks = [];
        private long _next;

        public string Primary { get; set; } = "d1";
        public int Desired { get; set; } = desired;
        /// <summary>Deployments whose tasks never become healthy.</summary>
        public HashSet<string> Broken { get; } = [];
        public int Count => _tasks.Count;
        public int Healthy => _tasks.Count(t => t.Healthy);
        public int Of(string deployment) => _tasks.Count(t => t.Deployment == deployment);

        public RolloutState State(bool noCapacity = false) => new()
        {
            DesiredCount = Desired,
            MinimumHealthyPercent = minimum,
            MaximumPercent = maximum,
            PrimaryId = Primary,
            NoCapacity = noCapacity,
            Tasks = [.. _tasks.Select(t => new RolloutTask(t.Id, t.Deployment, t.Healthy, t.Healthy, false, t.Order))],
        };

        /// <summary>One pass, then some tasks come up. Checks both limits at every step.</summary>
        public bool Step()
        {
            var state = State();
            var decision = DeploymentPlan.Next(state);
            var room = Math.Max(0, capacity - _tasks.Count);
            if (decision.Start > 0 && room == 0)
            {
                decision = DeploymentPlan.Next(State(noCapacity: true));
            }
            var healthyBefore = Healthy;
            foreach (var (id, _) in decision.Stop)
            {
                _tasks.RemoveAll(t => t.Id == id);
            }
            if (decision.Stop.Count > 0 && healthyBefore >= DeploymentPlan.MinimumHealthy(state))
            {
                Assert.True(Healthy >= DeploymentPlan.MinimumHealthy(state), $"seed {seed}: fell to {Healthy} healthy");
            }
            for (var i = 0; i < Math.Min(decision.Start, room); i++)
            {
                _tasks.Add(($"t{_next}", Primary, false, _next++));
            }
            Assert.True(_tasks.Count <= Math.Max(DeploymentPlan.MaximumTotal(state), state.Tasks.Count), $"seed {seed}: {_tasks.Count} tasks");
            for (var i = 0; i < _tasks.Count; i++)
            {
                if (!Broken.Contains(_tasks[i].Deployment) && _random.Next(2) == 0)
                {
                    _tasks[i] = _tasks[i] with { Healthy = true };
                }
            }
            return decision.Complete;
        }

        public bool Settles(int steps = 200)
        {
            for (var i = 0; i < steps; i++)
            {
                if (Step())
                {
                    return true;
                }
            }
            return false;
        }
    }

    [Fact]
    public void RolloutsKeepBothLimitsAndEnd()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var desired = random.Next(1, 8);
            var minimum = random.Next(0, 2) == 0 ? 100 : random.Next(0, 100);
            // With 100/100, or percentages that round to no room at all, nothing can move: AWS refuses or blocks on those as well.
            var maximum = minimum == 100 ? 200 : 100 + (random.Next(0, 3) * 50);
            var simulation = new Simulation(seed, desired, minimum, maximum, capacity: 100);
            Assert.True(simulation.Settles(), $"seed {seed}: first deployment");
            var floor = (desired * minimum + 99) / 100;
            var ceiling = desired * maximum / 100;
            if (ceiling == desired && floor == desired)
            {
                continue;
            }
            simulation.Primary = "d2";
            Assert.True(simulation.Settles(), $"seed {seed}: {desired} at {minimum}/{maximum} does not end");
            Assert.Equal((desired, 0), (simulation.Of("d2"), simulation.Of("d1")));
            simulation.Desired = random.Next(0, 8);
            Assert.True(simulation.Settles(), $"seed {seed}: scaling");
            Assert.Equal(simulation.Desired, simulation.Count);
        }
    }

    [Fact]
    public void ABrokenVersionLeavesTheMinimumOfTheOldOneUp()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var simulation = new Simulation(seed, desired: 4, minimum: 50, maximum: 100, capacity: 100);
            Assert.True(simulation.Settles());
            simulation.Primary = "d2";
            simulation.Broken.Add("d2");
            Assert.False(simulation.Settles(50));
            Assert.Equal(2, simulation.Healthy);
        }
    }

    [Fact]
    public void OnAFullClusterOldTasksMakeRoomAsFarAsTheMinimumAllows()
    {
        var simulation = new Simulation(seed: 1, desired: 2, minimum: 50, maximum: 200, capacity: 2);
        Assert.True(simulation.Settles());
        simulation.Primary = "d2";
        Assert.True(simulation.Settles());
        Assert.Equal((2, 0), (simulation.Of("d2"), simulation.Of("d1")));
    }

    [Fact]
    public void AFinishedServiceIsLeftAlone()
    {
        var simulation = new Simulation(seed: 1, desired: 3, minimum: 100, maximum: 200, capacity: 10);
        Assert.True(simulation.Settles());
        var decision = DeploymentPlan.Next(simulation.State());
        Assert.Equal((0, 0, true), (decision.Start, decision.Stop.Count, decision.Complete));
    }

    [Fact]
    public void PausesGrowToABound()
    {
        Assert.Equal(TimeSpan.Zero, DeploymentFailures.Pause(0));
        Assert.Equal([1, 2, 4, 8], Enumerable.Range(1, 4).Select(n => (int)DeploymentFailures.Pause(n).TotalSeconds));
        Assert.Equal(DeploymentFailures.LongestPause, DeploymentFailures.Pause(1000));
        Assert.Equal([3, 3, 5, 200], new[] { 1, 5, 10, 5000 }.Select(DeploymentFailures.BreakerThreshold));
    }
}
