using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class ProtectionTests
{
    private static async Task<(Service Service, string[] Tasks)> WebAsync(EcsCloud cloud, int count)
    {
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = count, LaunchType = "EXTERNAL",
        });
        var service = await cloud.UntilStableAsync("web", count);
        return (service, [.. (await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = "web" })).TaskArns!]);
    }

    private static Task<UpdateTaskProtectionResponse> ProtectAsync(EcsCloud cloud, bool enabled, int? minutes, params string[] tasks) =>
        cloud.CallAsync(EcsOperations.UpdateTaskProtection, new()
        {
            Cluster = "default", Tasks = [.. tasks], ProtectionEnabled = enabled, ExpiresInMinutes = minutes,
        });

    [Fact]
    public async Task ProtectionIsSetReadExtendedAndTakenAway()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        var (_, tasks) = await WebAsync(cloud, 2);

        var before = TimeProvider.System.GetUtcNow();
        var set = await ProtectAsync(cloud, true, null, tasks[0]);
        Assert.Empty(set.Failures!);
        var one = Assert.Single(set.ProtectedTasks!);
        Assert.Equal((tasks[0], true), (one.TaskArn, one.ProtectionEnabled));
        Assert.InRange(one.ExpirationDate!.Value, before.AddMinutes(120).AddSeconds(-1), TimeProvider.System.GetUtcNow().AddMinutes(120).AddSeconds(1));
        var longer = (await ProtectAsync(cloud, true, 2880, tasks[0])).ProtectedTasks!.Single();
        Assert.True(longer.ExpirationDate > one.ExpirationDate!.Value.AddHours(40));

        var read = await cloud.CallAsync(EcsOperations.GetTaskProtection, new() { Cluster = "default", Tasks = [.. tasks] });
        Assert.Equal([true, false], tasks.Select(t => read.ProtectedTasks!.Single(p => p.TaskArn == t).ProtectionEnabled!.Value));
        var off = (await ProtectAsync(cloud, false, null, tasks[0])).ProtectedTasks!.Single();
        Assert.Equal((false, null), (off.ProtectionEnabled, off.ExpirationDate));
    }

    [Fact]
    public async Task FailuresNameTheirReason()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        var (_, tasks) = await WebAsync(cloud, 2);
        var alone = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "web", LaunchType = "EXTERNAL" })).Tasks!.Single().TaskArn!;
        var missing = tasks[0][..^32] + new string('0', 32);

        var answer = await ProtectAsync(cloud, true, 1, alone, missing, tasks[0]);
        Assert.Equal([(alone, "TASK_NOT_VALID"), (missing, "MISSING")], answer.Failures!.Select(f => (f.Arn!, f.Reason!)));
        Assert.Equal(tasks[0], answer.ProtectedTasks!.Single().TaskArn);
        var read = await cloud.CallAsync(EcsOperations.GetTaskProtection, new() { Cluster = "default", Tasks = [alone, missing] });
        Assert.Equal(["TASK_NOT_VALID", "MISSING"], read.Failures!.Select(f => f.Reason!));

        foreach (var minutes in new[] { 0, 2881 })
        {
            var refused = await EcsCloud.RefusedAsync(() => ProtectAsync(cloud, true, minutes, tasks[0]));
            Assert.Equal("InvalidParameterException", refused.Code);
        }
    }

    [Fact]
    public async Task ScaleInAndDeploymentsPassProtectedTasksBy()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        var (_, tasks) = await WebAsync(cloud, 3);
        // The newest would be the first to go.
        var newest = (await Task.WhenAll(tasks.Select(cloud.TaskAsync))).MaxBy(t => t.CreatedAt)!.TaskArn!;
        await ProtectAsync(cloud, true, 60, newest);

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 1 });
        await cloud.UntilServiceAsync("web", "one left", s => s.RunningCount == 1);
        Assert.Equal("RUNNING", (await cloud.TaskAsync(newest)).LastStatus);

        var second = await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web" });
        var held = await cloud.UntilServiceAsync("web", "held", s => s.Events!.Any(e => e.Message!.Contains("1 protected tasks", StringComparison.Ordinal)));
        Assert.Equal((2, 2, "IN_PROGRESS"), (held.RunningCount, held.Deployments!.Count, held.Deployments[0].RolloutState));
        // A second protected task in a service of one would hold it for good.
        var fresh = (await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = "web" })).TaskArns!.Single(t => t != newest);
        Assert.Equal("DEPLOYMENT_BLOCKED", (await ProtectAsync(cloud, true, 1, fresh)).Failures!.Single().Reason);
        Assert.Equal(newest, (await ProtectAsync(cloud, true, 5, newest)).ProtectedTasks!.Single().TaskArn);
        await ProtectAsync(cloud, false, null, newest);

        await cloud.UntilServiceAsync("web", "rolled out", s => s.Deployments!.Count == 1 && s.RunningCount == 1
            && s.Deployments[0].RolloutState == "COMPLETED" && s.TaskDefinition == second.TaskDefinitionArn);
        Assert.Equal("STOPPED", (await cloud.UntilTaskAsync(newest, "STOPPED")).LastStatus);
    }

    [Fact]
    public void NoPlanStopsAProtectedTaskExceptForItsHealth()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var tasks = Enumerable.Range(0, random.Next(1, 8)).Select(i => new RolloutTask(
                $"t{i}", random.Next(2) == 0 ? "new" : "old", random.Next(2) == 0, random.Next(2) == 0, random.Next(6) == 0, i, random.Next(2) == 0)).ToList();
            var state = new RolloutState
            {
                DesiredCount = random.Next(6), MinimumHealthyPercent = random.Next(0, 101), MaximumPercent = random.Next(100, 201),
                PrimaryId = "new", Tasks = tasks, NoCapacity = random.Next(4) == 0,
            };
            var decision = DeploymentPlan.Next(state);
            var daemon = DaemonPlan.Next(new DaemonState
            {
                Nodes = [.. tasks.Select((_, i) => new DaemonNode($"n{i / 2}", (DaemonNodeState)random.Next(4))).DistinctBy(n => n.InstanceId)],
                Tasks = [.. tasks.Select((t, i) => new DaemonTask(t, $"n{i / 2}", false))],
                MinimumHealthyPercent = state.MinimumHealthyPercent, PrimaryId = "new",
            });
            Assert.All(decision.Stop.Concat(daemon.Stop).Where(s => s.Reason != DeploymentPlan.FailedHealthCheck), s =>
                Assert.False(tasks.Single(t => t.Id == s.TaskId).Protected, $"seed {seed}: {s}"));
            Assert.True(!decision.Complete || tasks.Count == state.DesiredCount, $"seed {seed}: complete with {tasks.Count} of {state.DesiredCount}");
        }
    }
}
