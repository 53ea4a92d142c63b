using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Reconcilers;
using Longspan.Services.Ecs.Rules;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>PROVISIONING: tasks of a capacity provider strategy that find no room.</summary>
public sealed class WaitingTests
{
    private static List<CapacityProviderStrategyItem> Strategy(params string[] providers) =>
        [.. providers.Select(p => new CapacityProviderStrategyItem { CapacityProvider = p, Weight = 1 })];

    private sealed class LaterClock(TimeSpan later) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + later;
    }

    private static Task<EcsCloud> StartAsync(params string[] providers) => StartAsync(1, providers);

    private static async Task<EcsCloud> StartAsync(int owners, params string[] providers)
    {
        var cloud = await EcsCloud.StartAsync(owners: owners);
        foreach (var name in providers.Where(p => p != "FARGATE"))
        {
            await cloud.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = name });
        }
        await cloud.CallAsync(EcsOperations.CreateCluster, new());
        await cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
        {
            Cluster = "default", CapacityProviders = [.. providers], DefaultCapacityProviderStrategy = [],
        });
        await cloud.RegisterAsync("web");
        return cloud;
    }

    private static Task<FakeAgent> JoinAsync(EcsCloud cloud, string provider, int memory) => FakeAgent.JoinAsync(
        cloud, "EXTERNAL", memory: memory, attributes: new EcsAttribute { Name = "longspan.capacity", Value = provider });

    private static async Task<EcsTask[]> WaitingAsync(EcsCloud cloud)
    {
        var arns = (await cloud.CallAsync(EcsOperations.ListTasks, new())).TaskArns!;
        return arns.Count == 0 ? [] : [.. (await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = arns })).Tasks!.Where(t => t.LastStatus == "PROVISIONING")];
    }

    [Fact]
    public async Task ATaskThatIsRunWaitsUntilThereIsRoom()
    {
        await using var cloud = await StartAsync("here");
        var task = (await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "web", CapacityProviderStrategy = Strategy("here"), ClientToken = "once",
            Overrides = new TaskOverride { ContainerOverrides = [new ContainerOverride { Name = "main", Command = ["x"] }] },
        })).Tasks!.Single();
        Assert.Equal(("PROVISIONING", "RUNNING", "here", null),
            (task.LastStatus, task.DesiredStatus, task.CapacityProviderName, task.ContainerInstanceArn));
        Assert.Equal("MISSING", (await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = [new string('0', 32)] })).Failures!.Single().Reason);

        // Room elsewhere is not its room.
        await using var elsewhere = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        Assert.Equal("PROVISIONING", (await cloud.TaskAsync(task.TaskArn!)).LastStatus);
        await using var agent = await JoinAsync(cloud, "here", 100);

        var running = await cloud.UntilTaskAsync(task.TaskArn!, "RUNNING");
        Assert.Equal(agent.Arn, running.ContainerInstanceArn);
        Assert.Equal(["x"], agent.Running.Single().Containers!.Single().Command!);
        var again = await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "web", CapacityProviderStrategy = Strategy("here"), ClientToken = "once",
            Overrides = new TaskOverride { ContainerOverrides = [new ContainerOverride { Name = "main", Command = ["x"] }] },
        });
        Assert.Equal(task.TaskArn, again.Tasks!.Single().TaskArn);
    }

    [Fact]
    public async Task ATaskThatWaitsCanBeStopped()
    {
        await using var cloud = await StartAsync("here");
        var task = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "web", CapacityProviderStrategy = Strategy("here") }))
            .Tasks!.Single();
        var stopped = (await cloud.CallAsync(EcsOperations.StopTask, new() { Task = task.TaskArn, Reason = "enough" })).Task!;
        Assert.Equal(("STOPPED", "UserInitiated", "enough"), (stopped.LastStatus, stopped.StopCode, stopped.StoppedReason));
        await using var agent = await JoinAsync(cloud, "here", 100);
        Assert.Equal("STOPPED", (await cloud.TaskAsync(task.TaskArn!)).LastStatus);
        Assert.Empty(agent.Running);
    }

    [Fact]
    public async Task AReportCannotMoveATaskThatWaits()
    {
        await using var cloud = await StartAsync("here");
        var task = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "web", CapacityProviderStrategy = Strategy("here") }))
            .Tasks!.Single();
        await cloud.CallAsync(EcsOperations.SubmitTaskStateChange, new() { Task = task.TaskArn, Status = "RUNNING" });
        Assert.Equal("PROVISIONING", (await cloud.TaskAsync(task.TaskArn!)).LastStatus);
    }

    [Fact]
    public async Task AServicesTasksWaitWithTheReasonAndStartWhenRoomAppears()
    {
        await using var cloud = await StartAsync("here");
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 3, CapacityProviderStrategy = Strategy("here"),
        });
        var waiting = await EcsCloud.UntilAsync("three wait", () => WaitingAsync(cloud), w => w.Length == 3);
        Assert.All(waiting, t => Assert.Equal("service:web", t.Group));
        var service = await cloud.UntilServiceAsync("web", "says why", s => s.Events!.Any(e => e.Message!.EndsWith(
            "Reason: No Container Instances were found in your capacity provider.", StringComparison.Ordinal)));
        Assert.Equal((3, 0), (service.PendingCount, service.RunningCount));

        // The oldest get the first places, and keep their names.
        await using var small = await JoinAsync(cloud, "here", 64 * 2);
        await EcsCloud.UntilAsync("two placed", () => Task.FromResult(small.Running.Count), n => n == 2);
        await EcsCloud.UntilAsync("one waits", () => WaitingAsync(cloud), w => w.Length == 1);
        await cloud.UntilServiceAsync("web", "says why", s => s.Events!.Any(e => e.Message!.Contains("insufficient memory", StringComparison.Ordinal)));
        // No hot loop: nothing is written while nothing changes.
        var revision = await QuietAsync(cloud);
        Assert.True(revision.Calm, "the pass writes although nothing changes");

        await using var second = await JoinAsync(cloud, "here", 8192);
        await cloud.UntilStableAsync("web", 3);
        var known = waiting.Select(t => t.TaskArn).Order();
        Assert.Equal(known, small.Running.Concat(second.Running).Select(t => t.Arn).Order());

        // Scaling in takes those first that have no place.
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 300 });
        await EcsCloud.UntilAsync("some wait", () => WaitingAsync(cloud), w => w.Length > 10);
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 3 });
        await cloud.UntilStableAsync("web", 3);
        Assert.Empty(await EcsCloud.UntilAsync("none waits", () => WaitingAsync(cloud), w => w.Length == 0));
    }

    // Counts of commits, not of time: a pass that writes on each round would go on as long as the calls of this loop do.
    private static async Task<(bool Calm, long Revision)> QuietAsync(EcsCloud cloud)
    {
        for (var look = 0; look < 200; look++)
        {
            var before = cloud.Cloud.Documents.Revision;
            for (var i = 0; i < 20; i++)
            {
                await cloud.ServiceAsync("web");
            }
            if (cloud.Cloud.Documents.Revision == before)
            {
                return (true, before);
            }
        }
        return (false, 0);
    }

    [Fact]
    public async Task ARolloutGivesUpOldTasksForNewOnesThatWait()
    {
        await using var cloud = await StartAsync("here");
        await using var agent = await JoinAsync(cloud, "here", 64 * 2);
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 2, CapacityProviderStrategy = Strategy("here"),
            DeploymentConfiguration = new DeploymentConfiguration { MinimumHealthyPercent = 50, MaximumPercent = 200 },
        });
        await cloud.UntilStableAsync("web", 2);
        var second = await cloud.RegisterAsync("web");

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web" });

        var done = await cloud.UntilServiceAsync("web", "rolled out", s =>
            s.Deployments!.Count == 1 && s.Deployments[0].RolloutState == "COMPLETED" && s.TaskDefinition == second.TaskDefinitionArn);
        Assert.Equal(2, done.RunningCount);
        Assert.Empty(agent.Overfilled(2));
    }

    [Fact]
    public async Task DeletingAServiceEndsTheTasksThatWait()
    {
        await using var cloud = await StartAsync("here");
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 2, CapacityProviderStrategy = Strategy("here"),
        });
        await EcsCloud.UntilAsync("two wait", () => WaitingAsync(cloud), w => w.Length == 2);
        await cloud.CallAsync(EcsOperations.DeleteService, new() { Service = "web", Force = true });
        await cloud.UntilServiceAsync("web", "inactive", s => s.Status == "INACTIVE");
        Assert.Empty(await WaitingAsync(cloud));
    }

    [Fact]
    public async Task ATaskThatIsRunWaitsForHalfAnHourAtMost()
    {
        await using var cloud = await StartAsync("here");
        var task = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "web", CapacityProviderStrategy = Strategy("here") }))
            .Tasks!.Single();
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 1, CapacityProviderStrategy = Strategy("here"),
        });
        await EcsCloud.UntilAsync("both wait", () => WaitingAsync(cloud), w => w.Length == 2);
        await PassAsync(TimeSpan.FromMinutes(29));
        Assert.Equal(2, (await WaitingAsync(cloud)).Length);

        await PassAsync(TimeSpan.FromMinutes(31));

        var stopped = await cloud.TaskAsync(task.TaskArn!);
        Assert.Equal(("STOPPED", "TaskFailedToStart", "TaskFailedToStart: EMPTY CAPACITY PROVIDER"),
            (stopped.LastStatus, stopped.StopCode, stopped.StoppedReason));
        Assert.Equal("service:web", (await WaitingAsync(cloud)).Single().Group);

        async Task PassAsync(TimeSpan later)
        {
            var pass = new WaitingReconciler(new Cloud(cloud.Cloud.Documents, new LaterClock(later), cloud.Cloud.Settings), new Turns());
            await pass.RunAsync($"{EcsCloud.Account}/{EcsCloud.Region}/default", CancellationToken.None);
        }
    }

    [Fact]
    public async Task TwoOwnersOfEveryPassPlaceEachTaskThatWaitsOnceAndNeverOverfillANode()
    {
        await using var cloud = await StartAsync(owners: 2, "here");
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 10, CapacityProviderStrategy = Strategy("here"),
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => cloud.CallAsync(
            EcsOperations.RunTask, new() { TaskDefinition = "web", Count = 5, CapacityProviderStrategy = Strategy("here") }))));
        var waiting = await EcsCloud.UntilAsync("all wait", () => WaitingAsync(cloud), w => w.Length == 30);

        await using var small = await JoinAsync(cloud, "here", 64 * 13);
        await EcsCloud.UntilAsync("as many as fit", () => Task.FromResult(small.Running.Count), n => n == 13);
        await using var large = await JoinAsync(cloud, "here", 64 * 40);
        await EcsCloud.UntilAsync("the rest", () => Task.FromResult(large.Running.Count), n => n == 17);
        await cloud.UntilStableAsync("web", 10);

        Assert.Empty(small.Overfilled(13));
        Assert.Equal(waiting.Select(t => t.TaskArn).Order(), small.Running.Concat(large.Running).Select(t => t.Arn).Order());
    }

    [Fact]
    public async Task AfterARestartTasksGoOnWaiting()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-waiting-").FullName;
        try
        {
            string task;
            await using (var cloud = await EcsCloud.StartAsync(folder))
            {
                await cloud.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = "here" });
                await cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
                {
                    Cluster = "default", CapacityProviders = ["here"], DefaultCapacityProviderStrategy = Strategy("here"),
                });
                await cloud.RegisterAsync("web");
                task = (await cloud.CallAsync(EcsOperations.RunTask, new()
                {
                    TaskDefinition = "web", PlacementConstraints = [new PlacementConstraint { Type = "memberOf", Expression = "attribute:site == a" }],
                })).Tasks!.Single().TaskArn!;
            }
            await using var again = await EcsCloud.StartAsync(folder);
            await using var elsewhere = await FakeAgent.JoinAsync(again, "EXTERNAL", attributes:
                [new EcsAttribute { Name = "longspan.capacity", Value = "here" }, new EcsAttribute { Name = "site", Value = "b" }]);
            await using var agent = await FakeAgent.JoinAsync(again, "EXTERNAL", attributes:
                [new EcsAttribute { Name = "longspan.capacity", Value = "here" }, new EcsAttribute { Name = "site", Value = "a" }]);
            Assert.Equal(agent.Arn, (await again.UntilTaskAsync(task, "RUNNING")).ContainerInstanceArn);
            Assert.Empty(elsewhere.Running);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
