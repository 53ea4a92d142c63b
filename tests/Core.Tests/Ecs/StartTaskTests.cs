using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class StartTaskTests
{
    [Fact]
    public async Task ATaskStartsOnEachNamedInstanceAndTheOthersAreTold()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        var answer = await cloud.CallAsync(EcsOperations.StartTask, new() { TaskDefinition = "job", ContainerInstances = [agent.Arn, "missing"] });
        var task = Assert.Single(answer.Tasks!);
        Assert.Equal((agent.Arn, "family:job"), (task.ContainerInstanceArn, task.Group));
        Assert.Equal("MISSING", Assert.Single(answer.Failures!).Reason);
        await cloud.UntilTaskAsync(task.TaskArn!, "RUNNING");
    }

    [Fact]
    public async Task TheRequestIsCheckedAsRunTaskChecksIt()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        await RefusedAsync("Network Configuration is not valid", r => r.NetworkConfiguration = new()
        {
            AwsvpcConfiguration = new AwsVpcConfiguration { Subnets = ["subnet-1"] },
        });
        await RefusedAsync("Override for container named other", r => r.Overrides = new() { ContainerOverrides = [new() { Name = "other" }] });
        await RefusedAsync("between 1 and 10", r => r.ContainerInstances = []);
        await RefusedAsync("between 1 and 10", r => r.ContainerInstances = [.. Enumerable.Repeat(agent.Arn, 11)]);

        async Task RefusedAsync(string words, Action<StartTaskRequest> with)
        {
            var request = new StartTaskRequest { TaskDefinition = "job", ContainerInstances = [agent.Arn] };
            with(request);
            Assert.Contains(words, (await Assert.ThrowsAsync<InvalidParameterException>(() => cloud.CallAsync(EcsOperations.StartTask, request))).Message);
        }
    }
}
