using System.Diagnostics;
using System.Globalization;
using Longspan.Api.Ecs;
using Longspan.Wire.Client;

namespace Longspan.Fleet;

internal readonly record struct FleetCounts(int Pending, int Running);

/// <summary>The services of a run. One service has at most 5000 tasks, as on AWS, so that many more come as several services at once.</summary>
internal sealed class FleetServices(FleetWorld world)
{
    private const int LargestService = 5000;
    private const int DescribedAtOnce = 10;
    private readonly AwsClient _client = world.Client;

    public List<string> Names { get; } = [];
    public int Wanted { get; private set; }

    public async Task PrepareAsync()
    {
        await _client.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = FleetWorld.Cluster }, default);
        await _client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = "app", NetworkMode = "bridge",
            ContainerDefinitions =
            [
                new()
                {
                    Name = "main", Image = "registry.example/app:1", Cpu = 64, Memory = 64, Essential = true,
                    Environment = [new() { Name = "STAGE", Value = "fleet" }, new() { Name = "PORT", Value = "8080" }],
                    PortMappings = [new() { ContainerPort = 8080, Protocol = "tcp" }],
                },
            ],
        }, default);
    }

    public async Task CreateAsync(string strategy, int count)
    {
        for (var left = count; left > 0; left -= LargestService)
        {
            var name = $"s{Names.Count.ToString("D3", CultureInfo.InvariantCulture)}-{(strategy.Length == 0 ? "plain" : strategy)}";
            await _client.CallAsync(EcsOperations.CreateService, new()
            {
                Cluster = FleetWorld.Cluster, ServiceName = name, TaskDefinition = "app", LaunchType = "EC2", DesiredCount = Math.Min(left, LargestService),
                Tags = [new() { Key = "longspan:disconnect-replace-after", Value = "30s" }],
                PlacementConstraints = strategy.Length == 0 ? null : [new() { Type = "memberOf", Expression = $"attribute:{NodeFacts.DiskAttribute} == ssd" }],
                PlacementStrategy = strategy switch
                {
                    "binpack" => [new() { Type = "binpack", Field = "memory" }],
                    "spread" => [new() { Type = "spread", Field = "attribute:ecs.availability-zone" }, new() { Type = "spread", Field = "instanceId" }],
                    _ => null,
                },
            }, default);
            Names.Add(name);
        }
        Wanted += count;
    }

    public async Task<FleetCounts> CountAsync()
    {
        int pending = 0, running = 0;
        foreach (var names in Names.Chunk(DescribedAtOnce))
        {
            var answer = await _client.CallAsync(EcsOperations.DescribeServices, new() { Cluster = FleetWorld.Cluster, Services = [.. names] }, world.Stop);
            pending += answer.Services!.Sum(s => s.PendingCount ?? 0);
            running += answer.Services!.Sum(s => s.RunningCount ?? 0);
        }
        return new FleetCounts(pending, running);
    }

    public async Task<FleetCounts> UntilAsync(FleetReport report, string what, Func<FleetCounts, bool> reached, TimeSpan poll, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        for (var next = TimeSpan.FromSeconds(2); ; await Task.Delay(poll))
        {
            var counts = await CountAsync();
            if (reached(counts))
            {
                return counts;
            }
            if (watch.Elapsed > limit)
            {
                throw new TimeoutException($"Not {what} in time: {counts}, {world.Payloads} payloads, {world.Reports} reports.");
            }
            if (watch.Elapsed > next)
            {
                next += TimeSpan.FromSeconds(2);
                report.Say($"{what}: {counts}, {world.Payloads} payloads, {world.Reports} reports");
            }
        }
    }
}
