using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>The reasons in <c>failures</c>, as AWS documents them.</summary>
public sealed class FailureTests
{
    private static async Task<string?> RunAsync(EcsCloud cloud, Action<RunTaskRequest>? change = null)
    {
        var request = new RunTaskRequest { TaskDefinition = "job", LaunchType = "EXTERNAL" };
        change?.Invoke(request);
        var answer = await cloud.CallAsync(EcsOperations.RunTask, request);
        Assert.Empty(answer.Tasks!);
        return answer.Failures!.Single().Reason;
    }

    private static async Task<string?> StartAsync(EcsCloud cloud, string instance)
    {
        var answer = await cloud.CallAsync(EcsOperations.StartTask, new() { TaskDefinition = "job", ContainerInstances = [instance] });
        return answer.Failures!.SingleOrDefault()?.Reason;
    }

    [Theory]
    [InlineData("cpu", "RESOURCE:CPU")]
    [InlineData("memory", "RESOURCE:MEMORY")]
    [InlineData("port", "RESOURCE:PORTS")]
    [InlineData("role", "ATTRIBUTE")]
    public async Task RunTaskAndStartTaskNameWhatIsMissing(string what, string reason)
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL", cpu: 1024, memory: 1024);
        await cloud.RegisterAsync("job", r =>
        {
            var container = r.ContainerDefinitions![0];
            container.Cpu = what == "cpu" ? 2048 : 1;
            container.Memory = what == "memory" ? 2048 : 64;
            container.PortMappings = what == "port" ? [new PortMapping { ContainerPort = 22, HostPort = 22 }] : null;
            r.TaskRoleArn = what == "role" ? "arn:aws:iam::123456789012:role/x" : null;
        });
        Assert.Equal(reason, await RunAsync(cloud));
        Assert.Equal(reason, await StartAsync(cloud, agent.Arn));
    }

    [Fact]
    public async Task ConstraintsAgentsAndInstancesAreNamed()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        Assert.Equal("MemberOf placement constraint unsatisfied.", await RunAsync(cloud, r => r.PlacementConstraints =
            [new PlacementConstraint { Type = "memberOf", Expression = "attribute:site == moon" }]));
        await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL" });
        Assert.Equal("DistinctInstance placement constraint unsatisfied.", await RunAsync(cloud, r => r.PlacementConstraints =
            [new PlacementConstraint { Type = "distinctInstance" }]));
        Assert.Equal("MISSING", await StartAsync(cloud, new string('a', 32)));

        await cloud.CallAsync(EcsOperations.UpdateContainerInstancesState, new() { ContainerInstances = [agent.Arn], Status = "DRAINING" });
        Assert.Equal("INACTIVE", await StartAsync(cloud, agent.Arn));
        Assert.Equal("INACTIVE", await RunAsync(cloud));
        await cloud.CallAsync(EcsOperations.UpdateContainerInstancesState, new() { ContainerInstances = [agent.Arn], Status = "ACTIVE" });
        Assert.Null(await StartAsync(cloud, agent.Arn));

        await using var deaf = await FakeAgent.JoinAsync(cloud, "EXTERNAL", connect: false);
        Assert.Equal("AGENT", await StartAsync(cloud, deaf.Arn));
        await cloud.CallAsync(EcsOperations.DeregisterContainerInstance, new() { ContainerInstance = agent.Arn, Force = true });
        Assert.Equal("AGENT", await RunAsync(cloud));
        Assert.Equal("INACTIVE", await StartAsync(cloud, agent.Arn));
    }

    [Fact]
    public async Task DescribesNameWhatIsMissing()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var id = new string('a', 32);
        var failures = new[]
        {
            (await cloud.CallAsync(EcsOperations.DescribeClusters, new() { Clusters = ["x"] })).Failures!,
            (await cloud.CallAsync(EcsOperations.DescribeServices, new() { Services = ["x"] })).Failures!,
            (await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = [id] })).Failures!,
            (await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [id] })).Failures!,
            (await cloud.CallAsync(EcsOperations.DescribeCapacityProviders, new() { CapacityProviders = ["x"] })).Failures!,
        };
        Assert.Equal(["cluster/x", "service/default/x", $"task/default/{id}", $"container-instance/default/{id}", "capacity-provider/x"],
            failures.Select(f => f.Single().Arn!["arn:aws:ecs:eu-central-1:123456789012:".Length..]));
        Assert.All(failures, f => Assert.Equal("MISSING", f.Single().Reason));
    }

    [Fact]
    public async Task AccountSettingsFallBackFromOwnToDefault()
    {
        await using var cloud = await EcsCloud.StartAsync();
        async Task<string?> EffectiveAsync() => (await cloud.CallAsync(
            EcsOperations.ListAccountSettings, new() { Name = "containerInsights", EffectiveSettings = true })).Settings!.Single().Value;
        Assert.Equal("disabled", await EffectiveAsync());
        var shared = (await cloud.CallAsync(EcsOperations.PutAccountSettingDefault, new() { Name = "containerInsights", Value = "enhanced" })).Setting!;
        Assert.Equal("arn:aws:iam::123456789012:root", shared.PrincipalArn);
        Assert.Equal("enhanced", await EffectiveAsync());
        const string user = "arn:aws:iam::123456789012:user/ann";
        await cloud.CallAsync(EcsOperations.PutAccountSetting, new() { Name = "containerInsights", Value = "enabled", PrincipalArn = user });
        var own = await cloud.CallAsync(EcsOperations.ListAccountSettings, new() { PrincipalArn = user });
        Assert.Equal(("containerInsights", "enabled"), (own.Settings!.Single().Name, own.Settings!.Single().Value));
        var gone = (await cloud.CallAsync(EcsOperations.DeleteAccountSetting, new() { Name = "containerInsights", PrincipalArn = user })).Setting!;
        Assert.Equal(("enhanced", user), (gone.Value, gone.PrincipalArn));
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListAccountSettings, new() { PrincipalArn = user })).Settings!);
        foreach (var (name, value) in new[] { ("nothing", "enabled"), ("containerInsights", "maybe"), ("guardDutyActivate", "on") })
        {
            var refused = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.PutAccountSettingDefault, new() { Name = name, Value = value }));
            Assert.Equal("InvalidParameterException", refused.Code);
        }
    }
}
