using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>What a task needs of its instance besides room.</summary>
public sealed class RequirementTests
{
    [Fact]
    public async Task AnInstanceThatCannotDoItIsNamedWithTheReason()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(
            cloud, "EXTERNAL", attributes: [new EcsAttribute { Name = "ecs.cpu-architecture", Value = "x86_64" }]);
        async Task<string?> ReasonAsync(string family, Action<RegisterTaskDefinitionRequest>? change, TaskOverride? overrides = null)
        {
            await cloud.RegisterAsync(family, change);
            var answer = await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = family, LaunchType = "EXTERNAL", Overrides = overrides });
            return answer.Failures!.SingleOrDefault()?.Reason;
        }

        Assert.Equal("RESOURCE:GPU", await ReasonAsync("gpu", r => r.ContainerDefinitions![0].ResourceRequirements = [new() { Type = "GPU", Value = "1" }]));
        Assert.Equal("ATTRIBUTE", await ReasonAsync("arm", r => r.RuntimePlatform = new() { CpuArchitecture = "ARM64" }));
        Assert.Equal("ATTRIBUTE", await ReasonAsync("syslog", r => r.ContainerDefinitions![0].LogConfiguration = new() { LogDriver = "syslog" }));
        Assert.Null(await ReasonAsync("intel", r => r.RuntimePlatform = new() { CpuArchitecture = "X86_64" }));
        Assert.Equal("ATTRIBUTE", await ReasonAsync("plain", null, new TaskOverride
        {
            ContainerOverrides = [new() { Name = "main", EnvironmentFiles = [new() { Type = "s3", Value = "arn:aws:s3:::b/f.env" }] }],
        }));
    }

    [Fact]
    public async Task EveryGpuIsOneTasks()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var instance = (await cloud.CallAsync(EcsOperations.RegisterContainerInstance, new()
        {
            Attributes = [new EcsAttribute { Name = "ecs.capability.external" }],
            TotalResources =
            [
                new Resource { Name = "CPU", Type = "INTEGER", IntegerValue = 4096 }, new Resource { Name = "MEMORY", Type = "INTEGER", IntegerValue = 4096 },
            ],
            PlatformDevices = [new() { Id = "gpu-a", Type = "GPU" }, new() { Id = "gpu-b", Type = "GPU" }, new() { Id = "gpu-c", Type = "GPU" }],
        })).ContainerInstance!;
        await cloud.RegisterAsync("gpu", r => r.ContainerDefinitions![0].ResourceRequirements = [new() { Type = "GPU", Value = "2" }]);
        async Task<StartTaskResponse> StartAsync(string? count) => await cloud.CallAsync(EcsOperations.StartTask, new()
        {
            TaskDefinition = "gpu", ContainerInstances = [instance.ContainerInstanceArn!],
            Overrides = count is null ? null : new() { ContainerOverrides = [new() { Name = "main", ResourceRequirements = [new() { Type = "GPU", Value = count }] }] },
        });
        await using var agent = await FakeAgent.TakeAsync(cloud, instance.ContainerInstanceArn!);

        Assert.Empty((await StartAsync(null)).Failures!);
        Assert.Equal(Placement.Gpu, (await StartAsync(null)).Failures!.Single().Reason);
        Assert.Empty((await StartAsync("1")).Failures!);

        var tasks = await EcsCloud.UntilAsync("two tasks", () => Task.FromResult(agent.Running), t => t.Count == 2);
        var given = tasks.SelectMany(t => t.Associations!).ToList();
        Assert.All(given, a => Assert.Equal(("gpu", "main"), (a.Type, a.Containers!.Single())));
        Assert.Equal(["gpu-a", "gpu-b", "gpu-c"], given.Select(a => a.Name!).Order());
        var described = await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [instance.ContainerInstanceArn!] });
        Assert.Empty(described.ContainerInstances!.Single().RemainingResources!.Where(r => r.Name == "GPU").SelectMany(r => r.StringSetValue!));
    }
}
