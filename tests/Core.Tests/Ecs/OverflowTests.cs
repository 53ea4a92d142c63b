using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>On-premises first, the cloud when it is full, and back when there is room.</summary>
public sealed class OverflowTests
{
    private static async Task<EcsCloud> StartAsync()
    {
        var cloud = await EcsCloud.StartAsync();
        await cloud.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = "here" });
        await cloud.CallAsync(EcsOperations.CreateCluster, new());
        await cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
        {
            Cluster = "default", CapacityProviders = ["here", "FARGATE"],
            DefaultCapacityProviderStrategy =
            [
                new CapacityProviderStrategyItem { CapacityProvider = "here", Weight = 1 },
                new CapacityProviderStrategyItem { CapacityProvider = "FARGATE", Weight = 1 },
            ],
        });
        await cloud.RegisterAsync("web", r =>
        {
            r.RequiresCompatibilities = ["FARGATE", "EXTERNAL"];
            (r.NetworkMode, r.Cpu, r.Memory) = ("bridge", "256", "512");
        });
        return cloud;
    }

    private static Task<FakeAgent> HereAsync(EcsCloud cloud, int tasks) => FakeAgent.JoinAsync(
        cloud, "EXTERNAL", memory: 512 * tasks, attributes: new EcsAttribute { Name = "longspan.capacity", Value = "here" });

    private static Task CreateAsync(EcsCloud cloud, int count, params string[] tags) => cloud.CallAsync(EcsOperations.CreateService, new()
    {
        ServiceName = "web", TaskDefinition = "web", DesiredCount = count,
        Tags = [.. tags.Select(t => new Tag { Key = t.Split('=')[0], Value = t.Split('=')[1] })],
    });

    private static Task UntilAsync(FakeAgent here, FakeAgent cloud, int first, int second) => EcsCloud.UntilAsync(
        $"{first} here and {second} in the cloud", () => Task.FromResult((here.Running.Count, cloud.Running.Count)), n => n == (first, second));

    [Fact]
    public async Task TheCloudTakesWhatDoesNotFitAndGivesItBackAtTheNextDeployment()
    {
        await using var cloud = await StartAsync();
        await using var here = await HereAsync(cloud, 2);
        await using var fargate = await FakeAgent.JoinAsync(cloud);
        await CreateAsync(cloud, 3, "longspan:strategy=overflow");
        await cloud.UntilStableAsync("web", 3);
        await UntilAsync(here, fargate, 2, 1);
        var arns = (await cloud.CallAsync(EcsOperations.ListTasks, new())).TaskArns!;
        var tasks = (await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = arns })).Tasks!;
        Assert.Equal(["FARGATE FARGATE", "here EXTERNAL", "here EXTERNAL"], tasks.Select(t => $"{t.CapacityProviderName} {t.LaunchType}").Order());

        // New room alone moves nothing: there is no tag that asks for it.
        await using var more = await HereAsync(cloud, 4);
        await cloud.UntilStableAsync("web", 3);
        Assert.Single(fargate.Running);
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", ForceNewDeployment = true });
        await EcsCloud.UntilAsync("all here", () => Task.FromResult((here.Running.Count + more.Running.Count, fargate.Running.Count)), n => n == (3, 0));

        // Shrinking gives the cloud up first.
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 8 });
        await cloud.UntilStableAsync("web", 8);
        Assert.Equal(2, fargate.Running.Count);
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 6 });
        await EcsCloud.UntilAsync("cloud empty", () => Task.FromResult((here.Running.Count + more.Running.Count, fargate.Running.Count)), n => n == (6, 0));
    }

    [Fact]
    public async Task WithTheTagTasksMoveBackGently()
    {
        await using var cloud = await StartAsync();
        await using var here = await HereAsync(cloud, 1);
        await using var fargate = await FakeAgent.JoinAsync(cloud);
        await CreateAsync(cloud, 3, "longspan:strategy=overflow", "longspan:rebalance=gentle");
        await cloud.UntilStableAsync("web", 3);
        await UntilAsync(here, fargate, 1, 2);

        await using var more = await HereAsync(cloud, 1);
        await EcsCloud.UntilAsync("one moved", () => Task.FromResult((here.Running.Count, more.Running.Count, fargate.Running.Count)), n => n == (1, 1, 1));
        await cloud.UntilStableAsync("web", 3);
        Assert.Empty(more.Overfilled(1));

        // The service had three at every moment, and none of what stayed was touched.
        var stopped = await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = "web", DesiredStatus = "STOPPED" });
        Assert.Single(stopped.TaskArns!);
    }

    [Fact]
    public async Task ATaskThatIsRunOverflowsByItsTagAndWaitsWhenAllIsFull()
    {
        await using var cloud = await StartAsync();
        await using var here = await HereAsync(cloud, 1);
        await using var fargate = await FakeAgent.JoinAsync(cloud, memory: 512);
        var answer = await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "web", Count = 3, Tags = [new Tag { Key = "longspan:strategy", Value = "overflow" }],
        });
        Assert.Equal(["FARGATE PENDING", "here PENDING", "here PROVISIONING"], answer.Tasks!.Select(t => $"{t.CapacityProviderName} {t.LastStatus}").Order());

        await using var more = await FakeAgent.JoinAsync(cloud, memory: 512);
        var waited = answer.Tasks!.Single(t => t.LastStatus == "PROVISIONING");
        var running = await cloud.UntilTaskAsync(waited.TaskArn!, "RUNNING");
        Assert.Equal(("FARGATE", "FARGATE"), (running.CapacityProviderName, running.LaunchType));
    }
}
