using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Services whose rollouts somebody else controls: their task sets run, scale, serve and go.</summary>
public sealed class TaskSetTests
{
    private static Task<CreateServiceResponse> CreateAsync(EcsCloud cloud, int count) => cloud.CallAsync(EcsOperations.CreateService, new()
    {
        ServiceName = "web", DesiredCount = count, DeploymentController = new() { Type = "EXTERNAL" },
        Tags = [new() { Key = "team", Value = "a" }], PropagateTags = "SERVICE",
    });

    private static async Task<TaskSet> AddAsync(EcsCloud cloud, double? scale, Action<CreateTaskSetRequest>? change = null)
    {
        var request = new CreateTaskSetRequest
        {
            Service = "web", Cluster = "default", TaskDefinition = "web", LaunchType = "EXTERNAL",
            Scale = scale is null ? null : new Scale { Value = scale, Unit = "PERCENT" },
        };
        change?.Invoke(request);
        return (await cloud.CallAsync(EcsOperations.CreateTaskSet, request)).TaskSet!;
    }

    private static async Task<TaskSet> ScaleAsync(EcsCloud cloud, TaskSet set, double scale) => (await cloud.CallAsync(
        EcsOperations.UpdateTaskSet, new() { Cluster = "default", Service = "web", TaskSet = set.Id, Scale = new() { Value = scale, Unit = "PERCENT" } })).TaskSet!;

    private static async Task<List<TaskSet>> DescribeAsync(EcsCloud cloud) =>
        (await cloud.CallAsync(EcsOperations.DescribeTaskSets, new() { Cluster = "default", Service = "web", Include = ["TAGS"] })).TaskSets!;

    private static Task<List<TaskSet>> UntilAsync(EcsCloud cloud, string state, Func<List<TaskSet>, bool> reached) =>
        EcsCloud.UntilAsync(state, () => DescribeAsync(cloud), reached, sets => string.Join("; ", sets.Select(
            s => $"{s.Id} {s.Status} {s.StabilityStatus} {s.RunningCount}+{s.PendingCount}/{s.ComputedDesiredCount}")));

    private static Task<List<TaskSet>> UntilSteadyAsync(EcsCloud cloud, params int[] counts) => UntilAsync(cloud, "steady", sets =>
        sets.All(s => s.StabilityStatus == "STEADY_STATE") && sets.Select(s => s.RunningCount!.Value).SequenceEqual(counts));

    [Theory]
    [InlineData(10, 12, 2)]
    [InlineData(10, 0, 0)]
    [InlineData(0, 100, 0)]
    [InlineData(1, 0.1, 1)]
    [InlineData(5000, 100, 5000)]
    [InlineData(7, 57.142857142857146, 5)]
    [InlineData(10, 30, 3)]
    [InlineData(1000, 0.3, 3)]
    public void TheShareOfTheServiceIsRoundedUp(int desired, double percent, int expected) =>
        Assert.Equal(expected, TaskSetPlan.ComputedDesiredCount(desired, percent));

    [Fact]
    public async Task AServiceMovesFromOneTaskSetToTheNext()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        var first = await cloud.RegisterAsync("web");
        var service = (await CreateAsync(cloud, 3)).Service!;
        Assert.Equal(("ACTIVE", "EXTERNAL", null, null), (service.Status, service.DeploymentController!.Type, service.TaskDefinition, service.LaunchType));
        Assert.Empty(service.TaskSets!);
        Assert.Empty(service.Deployments!);

        var blue = await AddAsync(cloud, 100, r => (r.ExternalId, r.Tags) = ("build-1", [new() { Key = "color", Value = "blue" }]));
        Assert.Matches("^ecs-svc/[0-9]+$", blue.Id);
        Assert.Equal($"arn:aws:ecs:eu-central-1:123456789012:task-set/default/web/{blue.Id}", blue.TaskSetArn);
        Assert.Equal(("ACTIVE", 3, "STABILIZING", "build-1", first.TaskDefinitionArn),
            (blue.Status, blue.ComputedDesiredCount, blue.StabilityStatus, blue.ExternalId, blue.TaskDefinition));
        blue = (await UntilSteadyAsync(cloud, 3))[0];
        Assert.Equal("blue", blue.Tags!.Single().Value);
        var primary = (await cloud.CallAsync(EcsOperations.UpdateServicePrimaryTaskSet,
            new() { Cluster = "default", Service = "web", PrimaryTaskSet = blue.TaskSetArn })).TaskSet!;
        Assert.Equal("PRIMARY", primary.Status);
        service = await cloud.ServiceAsync("web");
        Assert.Equal((first.TaskDefinitionArn, "EXTERNAL", 3), (service.TaskDefinition, service.LaunchType, service.RunningCount));
        Assert.Contains(service.Events!, e => e.Message == $"(service web, taskSet {blue.Id}) has reached a steady state.");

        // The tasks know their set, by which they are found.
        var own = await cloud.CallAsync(EcsOperations.ListTasks, new() { StartedBy = blue.Id });
        Assert.Equal(3, own.TaskArns!.Count);
        var task = (await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = own.TaskArns, Include = ["TAGS"] })).Tasks![0];
        Assert.Equal((blue.Id, "service:web", "a"), (task.StartedBy, task.Group, task.Tags!.Single(t => t.Key == "team").Value));

        var second = await cloud.RegisterAsync("web");
        var green = await AddAsync(cloud, null);
        Assert.Equal((0d, 0), (green.Scale!.Value, green.ComputedDesiredCount));
        Assert.Equal(1, (await ScaleAsync(cloud, green, 20)).ComputedDesiredCount);
        await UntilSteadyAsync(cloud, 1, 3);
        await ScaleAsync(cloud, green, 100);
        await UntilSteadyAsync(cloud, 3, 3);
        await cloud.CallAsync(EcsOperations.UpdateServicePrimaryTaskSet, new() { Cluster = "default", Service = "web", PrimaryTaskSet = green.Id });
        Assert.Equal(["PRIMARY", "ACTIVE"], (await DescribeAsync(cloud)).Select(s => s.Status));
        Assert.Equal(second.TaskDefinitionArn, (await cloud.ServiceAsync("web")).TaskDefinition);

        var refused = await EcsCloud.RefusedAsync(() => cloud.CallAsync(
            EcsOperations.DeleteTaskSet, new() { Cluster = "default", Service = "web", TaskSet = blue.Id }));
        Assert.Equal("InvalidParameterException", refused.Code);
        var going = (await cloud.CallAsync(
            EcsOperations.DeleteTaskSet, new() { Cluster = "default", Service = "web", TaskSet = blue.Id, Force = true })).TaskSet!;
        Assert.Equal("DRAINING", going.Status);
        await UntilAsync(cloud, "only green", sets => sets.Select(s => s.Id).SequenceEqual([green.Id]));
        await EcsCloud.UntilAsync("blue's tasks gone", () => Task.FromResult(agent.Running), r => r.Count == 3 && r.All(t => t.Version == "2"));

        // A new count of the service is shared out anew.
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 5 });
        await UntilSteadyAsync(cloud, 5);
        await agent.ExitAsync(agent.Running[0].Arn!, 1);
        await UntilSteadyAsync(cloud, 5);
    }

    [Fact]
    public async Task ATokenMakesOneTaskSetAndWhatIsNotThereIsMissing()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        await CreateAsync(cloud, 2);
        var set = await AddAsync(cloud, 0, r => r.ClientToken = "once");
        Assert.Equal(set.Id, (await AddAsync(cloud, 0, r => r.ClientToken = "once")).Id);
        Assert.Equal("ConflictException", (await EcsCloud.RefusedAsync(() => AddAsync(cloud, 50, r => r.ClientToken = "once"))).Code);
        Assert.Single(await DescribeAsync(cloud));

        var described = await cloud.CallAsync(EcsOperations.DescribeTaskSets,
            new() { Cluster = "default", Service = "web", TaskSets = [set.TaskSetArn!, "ecs-svc/1"] });
        Assert.Equal((set.Id, null), (described.TaskSets!.Single().Id, described.TaskSets![0].Tags));
        Assert.Equal(("MISSING", "arn:aws:ecs:eu-central-1:123456789012:task-set/default/web/ecs-svc/1"),
            (described.Failures!.Single().Reason, described.Failures![0].Arn));
        var unknown = await EcsCloud.RefusedAsync(() => ScaleAsync(cloud, new TaskSet { Id = "ecs-svc/1" }, 10));
        Assert.Equal("TaskSetNotFoundException", unknown.Code);
        Assert.Equal("InvalidParameterException", (await EcsCloud.RefusedAsync(() => ScaleAsync(cloud, set, 100.5))).Code);
        Assert.Equal("InvalidParameterException", (await EcsCloud.RefusedAsync(() => ScaleAsync(cloud, set, double.NaN))).Code);
        // Nothing runs in it: it may go without force, and goes.
        await cloud.CallAsync(EcsOperations.DeleteTaskSet, new() { Cluster = "default", Service = "web", TaskSet = set.Id });
        await UntilAsync(cloud, "gone", sets => sets.Count == 0);
        for (var i = 0; i < 5; i++)
        {
            await AddAsync(cloud, 0);
        }
        Assert.Contains("at most 5", (await EcsCloud.RefusedAsync(() => AddAsync(cloud, 0))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheServiceLeavesToItsTaskSetsWhatIsTheirs()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        async Task RefusedAsync(Func<Task> call) => Assert.Equal("InvalidParameterException", (await EcsCloud.RefusedAsync(call)).Code);
        var external = new DeploymentController { Type = "EXTERNAL" };
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "a", TaskDefinition = "web", DeploymentController = external }));
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "a", LaunchType = "EXTERNAL", DeploymentController = external }));
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "a", SchedulingStrategy = "DAEMON", DeploymentController = external }));
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "a", DeploymentController = external, DeploymentConfiguration = new() { DeploymentCircuitBreaker = new() { Enable = true } },
        }));
        await CreateAsync(cloud, 2);
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web" }));
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", ForceNewDeployment = true }));
        await cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "own", TaskDefinition = "web", DesiredCount = 0, LaunchType = "EXTERNAL" });
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateTaskSet, new() { Service = "own", Cluster = "default", TaskDefinition = "web" }));

        var set = await AddAsync(cloud, 100);
        await UntilSteadyAsync(cloud, 2);
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.DeleteService, new() { Service = "web" }));
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 0 });
        await UntilSteadyAsync(cloud, 0);
        await RefusedAsync(() => cloud.CallAsync(EcsOperations.DeleteService, new() { Service = "web" }));
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 1 });
        await UntilSteadyAsync(cloud, 1);
        var gone = await cloud.CallAsync(EcsOperations.DeleteService, new() { Service = "web", Force = true });
        Assert.Equal("DRAINING", gone.Service!.Status);
        await cloud.UntilServiceAsync("web", "inactive", s => s.Status == "INACTIVE");
        Assert.Empty(agent.Running);
        Assert.Equal("ServiceNotFoundException", (await EcsCloud.RefusedAsync(() => AddAsync(cloud, 100))).Code);
        Assert.NotNull(set.Id);
    }
}
