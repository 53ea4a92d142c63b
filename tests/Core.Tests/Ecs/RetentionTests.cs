using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Reconcilers;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class RetentionTests
{
    private sealed class LaterClock(TimeSpan later) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + later;
    }

    [Fact]
    public async Task StoppedTasksAreForgottenAfterAnHourAndLiveOnesNever()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        RunTaskRequest Request(string token) => new() { TaskDefinition = "job", LaunchType = "EXTERNAL", ClientToken = token };
        var dead = (await cloud.CallAsync(EcsOperations.RunTask, Request("a"))).Tasks!.Single().TaskArn!;
        var live = (await cloud.CallAsync(EcsOperations.RunTask, Request("b"))).Tasks!.Single().TaskArn!;
        await cloud.UntilTaskAsync(dead, "RUNNING");
        await cloud.UntilTaskAsync(live, "RUNNING");
        await cloud.CallAsync(EcsOperations.StopTask, new() { Task = dead });
        await cloud.UntilTaskAsync(dead, "STOPPED");

        await PassAsync(cloud, TimeSpan.FromMinutes(59));
        Assert.Equal("STOPPED", (await cloud.TaskAsync(dead)).LastStatus);
        await PassAsync(cloud, TimeSpan.FromMinutes(61));

        var seen = await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = [dead, live] });
        Assert.Equal("MISSING", seen.Failures!.Single().Reason);
        Assert.Equal(live, seen.Tasks!.Single().TaskArn);
        // A report that comes later still is acknowledged: refusing it would only make it come again.
        await agent.ExitAsync(dead, 0);
        // Within the day the token stands for what it made.
        Assert.Equal(live, (await cloud.CallAsync(EcsOperations.RunTask, Request("b"))).Tasks!.Single().TaskArn);
        await PassAsync(cloud, TimeSpan.FromHours(25));
        Assert.NotEqual(live, (await cloud.CallAsync(EcsOperations.RunTask, Request("b"))).Tasks!.Single().TaskArn);
    }

    [Fact]
    public async Task TasksOfAMachineThatWasGivenUpAreRememberedUntilItCannotComeBackAnyMore()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        var task = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL" })).Tasks!.Single().TaskArn!;
        await cloud.UntilTaskAsync(task, "RUNNING");
        await agent.CutAsync();
        await cloud.CallAsync(EcsOperations.DeregisterContainerInstance, new() { ContainerInstance = agent.Arn, Force = true });
        await cloud.UntilTaskAsync(task, "STOPPED");

        await PassAsync(cloud, TimeSpan.FromDays(29));
        Assert.Equal("STOPPED", (await cloud.TaskAsync(task)).LastStatus);
        await PassAsync(cloud, TimeSpan.FromDays(31));
        Assert.Equal("MISSING", (await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = [task] })).Failures!.Single().Reason);
    }

    private static async Task PassAsync(EcsCloud cloud, TimeSpan later)
    {
        var pass = new RetentionReconciler(new Cloud(cloud.Cloud.Documents, new LaterClock(later), cloud.Cloud.Settings));
        Assert.Contains($"{EcsCloud.Account}/{EcsCloud.Region}/default", await pass.ListShardsAsync(CancellationToken.None));
        await pass.RunAsync($"{EcsCloud.Account}/{EcsCloud.Region}/default", CancellationToken.None);
    }
}
