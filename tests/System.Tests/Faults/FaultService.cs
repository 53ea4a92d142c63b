using Longspan.Api.Ecs;
using Longspan.Api.Logs;
using Longspan.Api.Shapes;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Faults;

/// <summary>
/// A service whose containers count aloud into the log service. What each of them said is kept by its engine as well, so the log service's
/// lines can be compared with the truth.
/// </summary>
internal sealed class FaultService(FaultSite site, string name)
{
    private const string Script = "n=0; trap 'echo end; exit 0' TERM; while true; do n=$((n+1)); echo $n; sleep 0.2; done";

    public string Name => name;

    /// <summary>The next revision of its definition. Each is another one to the deployment, though they do the same.</summary>
    private Task DefineAsync(string version) => site.Client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
    {
        Family = name, RequiresCompatibilities = ["EXTERNAL"], NetworkMode = "bridge",
        ContainerDefinitions =
        [
            new()
            {
                Name = "main", Image = FaultSite.Image, Essential = true, Cpu = 64, Memory = 32, StopTimeout = 5, Command = ["sh", "-c", Script],
                Environment = [new() { Name = "VERSION", Value = version }],
                LogConfiguration = new()
                {
                    LogDriver = "awslogs",
                    Options = new() { ["awslogs-group"] = "/faults", ["awslogs-region"] = LiveServer.Region, ["awslogs-stream-prefix"] = name },
                },
            },
        ],
    }, default);

    /// <param name="machine">The machine that all its tasks must be on; any when null.</param>
    public async Task CreateAsync(int count, string? machine = null, params Tag[] tags)
    {
        await DefineAsync("1");
        await site.Client.CallAsync(EcsOperations.CreateService, new()
        {
            Cluster = FaultSite.Cluster, ServiceName = name, TaskDefinition = name, DesiredCount = count, LaunchType = "EXTERNAL", Tags = [.. tags],
            PlacementConstraints = machine is null ? null : [new() { Type = "memberOf", Expression = $"attribute:machine == {machine}" }],
            PlacementStrategy = [new() { Type = "spread", Field = "instanceId" }],
        }, default);
        await StableAsync(count);
    }

    /// <summary>Begins a rollout of a new revision; returns at once.</summary>
    public async Task RollAsync(string version)
    {
        await DefineAsync(version);
        await site.Client.CallAsync(EcsOperations.UpdateService, new() { Cluster = FaultSite.Cluster, Service = name, TaskDefinition = name }, default);
    }

    public async Task<Service> DescribeAsync() =>
        (await site.Client.CallAsync(EcsOperations.DescribeServices, new() { Cluster = FaultSite.Cluster, Services = [name] }, default)).Services!.Single();

    /// <summary>One deployment, completed, with as many running tasks as it should have.</summary>
    public Task StableAsync(int count) => Until.TrueAsync($"{name} is stable with {count} tasks", async () =>
        await DescribeAsync() is { Deployments: [{ RolloutState: "COMPLETED" }] } now && now.RunningCount == count && now.PendingCount == 0);

    public async Task<IReadOnlyList<EcsTask>> TasksAsync()
    {
        var running = (await site.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = FaultSite.Cluster, ServiceName = name }, default)).TaskArns!;
        var stopped = (await site.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = FaultSite.Cluster, ServiceName = name, DesiredStatus = "STOPPED" }, default)).TaskArns!;
        string[] all = [.. running, .. stopped];
        return all.Length == 0 ? [] : (await site.Client.CallAsync(EcsOperations.DescribeTasks, new() { Cluster = FaultSite.Cluster, Tasks = [.. all] }, default)).Tasks!;
    }

    /// <summary>All its containers on all machines.</summary>
    public async Task<IReadOnlyList<SeenContainer>> ContainersAsync()
    {
        var all = new List<SeenContainer>();
        foreach (var machine in site.Machines)
        {
            all.AddRange(await machine.ContainersAsync(name));
        }
        return all;
    }

    /// <summary>The same containers run as before, and no other was ever made.</summary>
    public async Task UntouchedAsync(IReadOnlyList<SeenContainer> before) => Assert.Equal(before, await ContainersAsync());

    /// <summary>The container goes on writing.</summary>
    public async Task SaysMoreAsync(SeenContainer container)
    {
        var machine = site.Machines.First(m => m.ContainersAsync(name).Result.Contains(container));
        var said = (await machine.DockerAsync("logs", container.Id)).Length;
        await Until.TrueAsync($"container {container.Id} says more", async () => (await machine.DockerAsync("logs", container.Id)).Length > said + 20);
    }

    /// <summary>
    /// What the engines really run is what the service should have: no container without a task, no task twice, none too many. The end
    /// of replaced ones may still be under way.
    /// </summary>
    public Task RunsExactlyAsync(int count) => Until.TrueAsync($"exactly {count} containers of {name} run, one for each task", async () =>
    {
        var tasks = (await TasksAsync()).Where(t => t.LastStatus == "RUNNING").Select(t => t.TaskArn!).Order().ToArray();
        return tasks.Length == count && (await ContainersAsync()).Where(c => c.Running).Select(c => c.Task).Order().SequenceEqual(tasks);
    });

    /// <summary>Ends the service; then every line that any of its containers wrote must be in the log service, once and in order.</summary>
    public async Task EndsWithoutALostLineAsync()
    {
        await site.Client.CallAsync(EcsOperations.DeleteService, new() { Cluster = FaultSite.Cluster, Service = name, Force = true }, default);
        await Until.TrueAsync($"no container of {name} runs", async () => (await ContainersAsync()).All(c => !c.Running));
        foreach (var machine in site.Machines)
        {
            foreach (var task in (await machine.ContainersAsync(name)).GroupBy(c => c.Task))
            {
                var wrote = new List<string>();
                foreach (var container in task)
                {
                    wrote.AddRange((await machine.DockerAsync("logs", container.Id)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
                }
                var delivered = new List<string>();
                await Until.TrueAsync($"all {wrote.Count} lines of {task.Key} are delivered", async () =>
                    (delivered = await DeliveredAsync($"{name}/main/{task.Key.Split('/')[^1]}")).Count >= wrote.Count);
                Assert.Equal(wrote, delivered);
            }
        }
    }

    private async Task<List<string>> DeliveredAsync(string stream)
    {
        var lines = new List<string>();
        string? token = null;
        while (true)
        {
            GetLogEventsResponse page;
            try
            {
                page = await site.Client.CallAsync(
                    LogsOperations.GetLogEvents, new() { LogGroupName = "/faults", LogStreamName = stream, StartFromHead = true, NextToken = token }, default);
            }
            catch (AwsError none) when (none.Code == "ResourceNotFoundException")
            {
                return lines;
            }
            lines.AddRange(page.Events!.Select(e => e.Message!));
            if (page.NextForwardToken == token)
            {
                return lines;
            }
            token = page.NextForwardToken;
        }
    }
}
