using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs.Scheduling;

/// <summary>Seeded: a failure names its seed, and the seed alone brings it back.</summary>
public sealed class PlacementPropertyTests
{
    private const int Seeds = 150;
    private static readonly string[] Fields = ["attribute:zone", "rack", "instanceId", "host"];
    private static readonly string[] Queries =
        ["attribute:zone == a", "attribute:zone != a", "runningTasksCount < 4", "not(task:group == service:web)", "task:group == service:db or attribute:disk exists"];

    public static TheoryData<int> AllSeeds => [.. Enumerable.Range(1, 10)];

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void TheRankingAgreesWithTheModelAndNeverOverfills(int batch)
    {
        for (var seed = batch * Seeds; seed < (batch + 1) * Seeds; seed++)
        {
            var random = new Random(seed);
            var nodes = Nodes(random);
            var requests = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Request(random)).ToList();
            var rankings = requests.ConvertAll(request => new NodeRanking(nodes, request));
            var current = nodes.ToDictionary(n => n.InstanceId);
            var model = new PlacementModel(nodes);
            for (var step = 0; step < 40; step++)
            {
                var turn = random.Next(requests.Count);
                var request = requests[turn];
                var place = rankings[turn].Place();
                Assert.True(model.Place(request) == place.InstanceId, $"seed {seed}, step {step}: {place} instead of {model.Place(request)}");
                if (place.InstanceId is not { } id)
                {
                    Assert.NotEqual("", place.Reason);
                    continue;
                }
                Assert.True(model.Fits(nodes.Single(n => n.InstanceId == id), request), $"seed {seed}, step {step}: {id} does not fit");
                model.Take(id, request);
                current[id] = current[id].Take(request);
                rankings.ForEach(ranking => ranking.Changed(current[id]));
            }
            AssertWithinCapacity(nodes, model, seed);
        }
    }

    [Fact]
    public void TheSameNodesAndRequestGiveTheSamePlacesInWhateverOrderTheNodesCome()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var (nodes, request) = (Nodes(random), Request(random));
            var shuffled = nodes.ToArray();
            random.Shuffle(shuffled);
            Assert.Equal(PlaceAll(nodes, request, 30), PlaceAll(shuffled, request, 30));
        }
    }

    [Fact]
    public void SpreadOverAnAttributeIsBalancedWithinOneWhileThereIsRoom()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var nodes = Nodes(random).ConvertAll(n => n with
            {
                FreeCpuUnits = 100_000,
                FreeMemoryMib = 100_000,
                TasksByGroup = new Dictionary<string, int>(),
            });
            var request = Plain with { Strategy = [new PlacementRule("spread", "attribute:zone"), new PlacementRule("spread", "instanceId")] };
            var zones = nodes.ToDictionary(n => n.InstanceId, n => n.Attributes.GetValueOrDefault("zone", ""));
            var places = PlaceAll(nodes, request, random.Next(1, 60));
            var counts = zones.Values.Distinct().Select(zone => places.Count(p => zones[p] == zone)).ToList();
            Assert.True(counts.Max() - counts.Min() <= 1, $"seed {seed}: {string.Join(' ', counts)}");
            foreach (var zone in zones.GroupBy(z => z.Value, z => z.Key))
            {
                var within = zone.Select(id => places.Count(p => p == id)).ToList();
                Assert.True(within.Max() - within.Min() <= 1, $"seed {seed}, zone {zone.Key}: {string.Join(' ', within)}");
            }
        }
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("memory")]
    public void BinpackLeavesTheLeastOnTheNodeThatItTakes(string field)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var nodes = Nodes(random);
            var request = Request(random) with { Strategy = [new PlacementRule("binpack", field)] };
            var model = new PlacementModel(nodes);
            int Free(NodeCapacity n) => field == "cpu" ? model.FreeCpu(n) : model.FreeMemory(n);
            foreach (var id in PlaceAll(nodes, request, 30))
            {
                var least = nodes.Where(n => model.Fits(n, request)).Min(Free);
                Assert.True(Free(nodes.Single(n => n.InstanceId == id)) == least, $"seed {seed}: {id} has more left than {least}");
                model.Take(id, request);
            }
        }
    }

    [Fact]
    public void ANodeTakesNoMoreTasksThanTheLimit()
    {
        NodeCapacity[] nodes = [Nodes(new Random(1))[0] with
        {
            TaskCount = Placement.MaximumTasks - 2, FreeCpuUnits = 10_000, FreeMemoryMib = 10_000, TasksByGroup = new Dictionary<string, int>(),
        }];
        Assert.Equal(2, PlaceAll(nodes, Plain, 5).Length);
        Assert.Equal(Placement.NoInstance, Placement.Place([nodes[0] with { TaskCount = Placement.MaximumTasks }], Plain).Reason);
    }

    private static PlacementRequest Plain => new() { Group = "service:web", MemoryMib = 10, CpuUnits = 10 };

    private static string[] PlaceAll(IReadOnlyList<NodeCapacity> nodes, PlacementRequest request, int count)
    {
        var ranking = new NodeRanking(nodes, request);
        var current = nodes.ToDictionary(n => n.InstanceId);
        var places = new List<string>();
        while (places.Count < count && ranking.Place().InstanceId is { } id)
        {
            current[id] = current[id].Take(request);
            ranking.Changed(current[id]);
            places.Add(id);
        }
        return [.. places];
    }

    private static void AssertWithinCapacity(List<NodeCapacity> nodes, PlacementModel model, int seed)
    {
        foreach (var node in nodes)
        {
            var ports = model.Placed.Where(p => p.InstanceId == node.InstanceId).SelectMany(p => p.Request.TcpPorts).ToList();
            Assert.True(model.FreeCpu(node) >= 0 && model.FreeMemory(node) >= 0, $"seed {seed}: {node.InstanceId} is overfull");
            Assert.True(ports.Distinct().Count() == ports.Count && !ports.Any(node.UsedTcpPorts.Contains), $"seed {seed}: a port of {node.InstanceId} is taken twice");
        }
    }

    private static List<NodeCapacity> Nodes(Random random) => [.. Enumerable.Range(0, random.Next(1, 12)).Select(i => new NodeCapacity
    {
        InstanceId = $"i{i:D2}",
        Attributes = Attributes(random),
        FreeCpuUnits = random.Next(0, 8) * 100,
        FreeMemoryMib = random.Next(0, 8) * 100,
        FreeGpus = random.Next(0, 3),
        UsedTcpPorts = random.Next(3) == 0 ? new HashSet<int> { 80 } : new HashSet<int>(),
        UsedUdpPorts = new HashSet<int>(),
        TasksByGroup = random.Next(3) == 0 ? new Dictionary<string, int> { ["service:web"] = random.Next(1, 3), ["service:db"] = 1 } : new Dictionary<string, int>(),
        TaskCount = random.Next(4),
        RunningTasks = random.Next(4),
        AgentConnected = true,
    })];

    private static Dictionary<string, string> Attributes(Random random)
    {
        var attributes = new Dictionary<string, string> { ["cap"] = "" };
        if (random.Next(5) > 0)
        {
            attributes["zone"] = "abc".Substring(random.Next(3), 1);
        }
        if (random.Next(2) == 0)
        {
            attributes["rack"] = $"r{random.Next(4)}";
        }
        if (random.Next(3) == 0)
        {
            attributes["disk"] = "ssd";
        }
        return attributes;
    }

    private static PlacementRequest Request(Random random) => new()
    {
        Group = random.Next(3) == 0 ? "service:db" : "service:web",
        CpuUnits = random.Next(0, 4) * 50,
        MemoryMib = random.Next(0, 4) * 50,
        TcpPorts = random.Next(4) == 0 ? [random.Next(2) == 0 ? 80 : 81] : [],
        RequiredAttributes = random.Next(3) == 0 ? ["cap", .. random.Next(2) == 0 ? new[] { "disk" } : []] : [],
        Values = random.Next(4) == 0 ? new Dictionary<string, string> { ["zone"] = "a" } : new Dictionary<string, string>(),
        Gpus = random.Next(6) == 0 ? 1 : 0,
        DistinctInstance = random.Next(5) == 0,
        Constraints = [.. Enumerable.Range(0, random.Next(3) == 0 ? random.Next(1, 3) : 0).Select(_ => Query(Queries[random.Next(Queries.Length)]))],
        Strategy = [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(4) switch
        {
            0 => new PlacementRule("binpack", random.Next(2) == 0 ? "cpu" : "memory"),
            1 => new PlacementRule("random", ""),
            _ => new PlacementRule("spread", Fields[random.Next(Fields.Length)]),
        })],
    };

    private static ClusterQuery Query(string text) => ClusterQuery.TryParse(text, out var query, out var error) ? query : throw new FormatException(error.ToString());
}
