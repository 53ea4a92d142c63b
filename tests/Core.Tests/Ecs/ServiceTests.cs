using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class ServiceTests
{
    private static CreateServiceRequest Web(int count, string definition = "web") =>
        new() { ServiceName = "web", TaskDefinition = definition, DesiredCount = count, LaunchType = "EXTERNAL" };

    [Fact]
    public async Task AServiceReachesItsCountAndReplacesADeadTask()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(3));
        await cloud.UntilStableAsync("web", 3);
        var before = agent.Running.Select(t => t.Arn!).ToHashSet();

        var dead = before.First();
        await agent.ExitAsync(dead, 1);

        await EcsCloud.UntilAsync("a replacement", () => Task.FromResult(agent.Running), r => r.Count == 3 && r.All(t => t.Arn != dead));
        var service = await cloud.UntilStableAsync("web", 3);
        Assert.Contains(service.Events!, e => e.Message!.Contains("has reached a steady state.", StringComparison.Ordinal));
        var stopped = await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = "web", DesiredStatus = "STOPPED" });
        Assert.Equal([dead], stopped.TaskArns!);
        Assert.Equal("EssentialContainerExited", (await cloud.TaskAsync(dead)).StopCode);
    }

    [Fact]
    public async Task ANewDefinitionRollsOutWithoutFallingBelowTheMinimum()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(2));
        await cloud.UntilStableAsync("web", 2);
        var second = await cloud.RegisterAsync("web");
        var lowest = int.MaxValue;
        var highest = 0;
        using var watching = new CancellationTokenSource();
        var watch = Task.Run(async () =>
        {
            while (!watching.IsCancellationRequested)
            {
                var count = agent.Running.Count;
                (lowest, highest) = (Math.Min(lowest, count), Math.Max(highest, count));
                await Task.Delay(1, CancellationToken.None);
            }
        });

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web" });

        var done = await cloud.UntilServiceAsync("web", "rolled out", s =>
            s.Deployments!.Count == 1 && s.Deployments[0].RolloutState == "COMPLETED" && s.TaskDefinition == second.TaskDefinitionArn);
        await watching.CancelAsync();
        await watch;
        Assert.Equal(2, done.RunningCount);
        Assert.InRange(lowest, 2, 2);
        Assert.InRange(highest, 3, 4);
        await EcsCloud.UntilAsync("only the new version", () => Task.FromResult(agent.Running), r => r.Count == 2 && r.All(t => t.Version == "2"));
    }

    [Theory]
    [InlineData(nameof(Behaviour.FailToStart))]
    [InlineData(nameof(Behaviour.Crash))]
    public async Task AFailingImageNeverTakesTheOldVersionDown(string behaviour)
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        agent.Decide = t => t.Version == "2" ? Enum.Parse<Behaviour>(behaviour) : Behaviour.Run;
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(2));
        await cloud.UntilStableAsync("web", 2);
        var old = agent.Running.Select(t => t.Arn).Order().ToArray();
        await cloud.RegisterAsync("web");

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web:2" });

        var failing = await cloud.UntilServiceAsync("web", "failures counted", s => s.Deployments![0].FailedTasks >= 4);
        Assert.Equal("IN_PROGRESS", failing.Deployments![0].RolloutState);
        Assert.Equal(2, failing.Deployments.Count);
        Assert.Equal(old, agent.Running.Select(t => t.Arn).Order());
    }

    [Fact]
    public async Task TheCircuitBreakerRollsBack()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        agent.Decide = t => t.Version == "2" ? Behaviour.FailToStart : Behaviour.Run;
        var first = await cloud.RegisterAsync("web");
        var request = Web(1);
        request.DeploymentConfiguration = new DeploymentConfiguration
        {
            DeploymentCircuitBreaker = new DeploymentCircuitBreaker { Enable = true, Rollback = true },
        };
        await cloud.CallAsync(EcsOperations.CreateService, request);
        await cloud.UntilStableAsync("web", 1);
        await cloud.RegisterAsync("web");

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web:2" });

        var back = await cloud.UntilServiceAsync("web", "rolled back", s =>
            s.Events!.Any(e => e.Message!.Contains("rolling back", StringComparison.Ordinal))
            && s.Deployments!.Count == 1 && s.Deployments[0].RolloutState == "COMPLETED");
        Assert.Equal(first.TaskDefinitionArn, back.TaskDefinition);
        Assert.Equal(1, back.RunningCount);
    }

    [Fact]
    public async Task WithoutRoomItWaitsAndSaysWhyAndGoesOnWhenThereIsRoom()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(2));
        await cloud.UntilServiceAsync("web", "says why", s =>
            s.Events!.Any(e => e.Message!.Contains("No Container Instances were found in your cluster", StringComparison.Ordinal)));

        await using var small = await FakeAgent.JoinAsync(cloud, "EXTERNAL", memory: 100);
        var waiting = await cloud.UntilServiceAsync("web", "one placed", s =>
            s.RunningCount == 1 && s.Events!.Any(e => e.Message!.Contains("has insufficient memory available", StringComparison.Ordinal)));
        Assert.Equal("IN_PROGRESS", waiting.Deployments![0].RolloutState);

        await using var second = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.UntilStableAsync("web", 2);
    }

    [Fact]
    public async Task ScalingAndDeletingStopTheRightNumber()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(4));
        await cloud.UntilStableAsync("web", 4);

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 1 });
        await cloud.UntilStableAsync("web", 1);
        await EcsCloud.UntilAsync("one left", () => Task.FromResult(agent.Running.Count), n => n == 1);

        var refused = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.DeleteService, new() { Service = "web" }));
        Assert.Equal("The service cannot be stopped while it is scaled above 0.", refused.Message);
        var deleted = await cloud.CallAsync(EcsOperations.DeleteService, new() { Service = "web", Force = true });
        Assert.Equal("DRAINING", deleted.Service!.Status);
        await cloud.UntilServiceAsync("web", "inactive", s => s.Status == "INACTIVE");
        Assert.Empty(agent.Running);
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServices, new())).ServiceArns!);

        // The name is free again.
        await cloud.CallAsync(EcsOperations.CreateService, Web(1));
        await cloud.UntilStableAsync("web", 1);
    }

    [Fact]
    public async Task HealthChecksDecideWhatCountsAsHealthy()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(
            cloud, "EXTERNAL", attributes: new EcsAttribute { Name = "ecs.capability.container-health-check" });
        await cloud.RegisterAsync("web", r => r.ContainerDefinitions![0].HealthCheck = new HealthCheck { Command = ["CMD", "true"] });
        await cloud.CallAsync(EcsOperations.CreateService, Web(1));
        var running = await cloud.UntilServiceAsync("web", "running", s => s.RunningCount == 1);
        Assert.Equal("IN_PROGRESS", running.Deployments![0].RolloutState);
        var first = agent.Running.Single();
        Assert.Equal("docker", first.Containers![0].HealthCheckType);
        Assert.Contains("30000000000", first.Containers[0].DockerConfig!.Config);

        Assert.IsType<AckPublishHealth>(await agent.PublishHealthAsync(first.Arn!, "HEALTHY"));
        await cloud.UntilStableAsync("web", 1);
        Assert.Equal("HEALTHY", (await cloud.TaskAsync(first.Arn!)).HealthStatus);

        await agent.PublishHealthAsync(first.Arn!, "UNHEALTHY");
        var stopped = await cloud.UntilTaskAsync(first.Arn!, "STOPPED");
        Assert.Equal(("ServiceSchedulerInitiated", "Task failed container health checks"), (stopped.StopCode, stopped.StoppedReason));
        await EcsCloud.UntilAsync("a replacement", () => Task.FromResult(agent.Running), r => r.Count == 1 && r[0].Arn != first.Arn);
    }

    [Fact]
    public async Task DrainingMovesTasksToAnotherNode()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var first = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(2));
        await cloud.UntilStableAsync("web", 2);
        await using var second = await FakeAgent.JoinAsync(cloud, "EXTERNAL");

        await cloud.CallAsync(EcsOperations.UpdateContainerInstancesState, new() { ContainerInstances = [first.Arn], Status = "DRAINING" });

        await EcsCloud.UntilAsync("moved", () => Task.FromResult((first.Running.Count, second.Running.Count)), n => n == (0, 2));
    }

    [Fact]
    public async Task TasksOfALostExternalNodeAreNotReplacedButThoseOfADeregisteredOneAre()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var first = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(1));
        await cloud.UntilStableAsync("web", 1);
        await using var second = await FakeAgent.JoinAsync(cloud, "EXTERNAL");

        await first.CutAsync();
        await EcsCloud.UntilAsync("shown as disconnected", async () =>
            (await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [first.Arn] }))
            .ContainerInstances!.Single().AgentConnected, connected => connected is false);
        Assert.Equal(1, (await cloud.ServiceAsync("web")).RunningCount);
        Assert.Empty(second.Running);

        await cloud.CallAsync(EcsOperations.DeregisterContainerInstance, new() { ContainerInstance = first.Arn, Force = true });
        await EcsCloud.UntilAsync("replaced", () => Task.FromResult(second.Running.Count), n => n == 1);

        // An agent that is deregistered while it is connected is told so in the words that make it go quiet.
        await cloud.CallAsync(EcsOperations.DeregisterContainerInstance, new() { ContainerInstance = second.Arn, Force = true });
        Assert.Equal(4000, (int?)await second.UntilClosedAsync());
        Assert.Contains("InactiveInstanceException", second.CloseReason);
    }
}
