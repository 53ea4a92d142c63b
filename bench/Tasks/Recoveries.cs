using System.Diagnostics;
using Docker.DotNet.Models;
using Longspan.Api.Ecs;

namespace Longspan.Tasks;

/// <summary>
/// How long a service is without its container after the container was killed: with the server, which replaces the task, and with the
/// server gone, when the node starts it again by itself. Each time it has run for longer than a failed start, so that the back-off is the first one.
/// </summary>
internal sealed class Recoveries(Site site)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    /// <summary>A task that ran for less counts as failed to start, and the pause before the next doubles.</summary>
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(11);
    private const string Family = "recover";

    public async Task CreateAsync(string image)
    {
        await site.Client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = Family, RequiresCompatibilities = ["FARGATE"], NetworkMode = "bridge", Cpu = "256", Memory = "512",
            ContainerDefinitions = [new() { Name = "main", Image = image, Memory = 64, StopTimeout = 2, Command = ["sleep", "600"] }],
        }, default);
        await site.Client.CallAsync(EcsOperations.CreateService, new()
        {
            Cluster = Site.Cluster, ServiceName = Family, TaskDefinition = Family, DesiredCount = 1, LaunchType = "FARGATE",
        }, default);
    }

    public async Task KillAsync(int count, Series series)
    {
        for (var i = 0; i < count; i++)
        {
            var (container, started) = await RunningAsync(default);
            await Task.Delay(LongEnough);
            var watch = Stopwatch.StartNew();
            await site.Engine.Containers.KillContainerAsync(container, new ContainerKillParameters { Signal = "KILL" });
            await RunningAsync(started);
            series.Add(watch.Elapsed);
        }
    }

    /// <summary>The service's container that runs and was started later than this; the same container, started again, is another one.</summary>
    private async Task<(string Id, DateTimeOffset Started)> RunningAsync(DateTimeOffset after)
    {
        var filters = new Dictionary<string, IDictionary<string, bool>>
        {
            ["label"] = new Dictionary<string, bool> { [$"com.amazonaws.ecs.task-definition-family={Family}"] = true },
        };
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Deadline; await Task.Delay(Poll))
        {
            foreach (var listed in await site.Engine.Containers.ListContainersAsync(new ContainersListParameters { Filters = filters }))
            {
                var state = (await site.Engine.Containers.InspectContainerAsync(listed.ID)).State;
                if (state is { Running: true } && DateTimeOffset.Parse(state.StartedAt, System.Globalization.CultureInfo.InvariantCulture) is var started && started > after)
                {
                    return (listed.ID, started);
                }
            }
        }
        throw new TimeoutException("The service's container did not come back.");
    }
}
