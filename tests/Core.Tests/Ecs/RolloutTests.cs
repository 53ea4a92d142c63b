using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Service deployments and revisions: what is kept of rollouts, and stopping one.</summary>
public sealed class RolloutTests
{
    private static Task CreateAsync(EcsCloud cloud, DeploymentConfiguration? configuration = null) => cloud.CallAsync(EcsOperations.CreateService, new()
    {
        ServiceName = "web", TaskDefinition = "web", DesiredCount = 2, LaunchType = "EXTERNAL", DeploymentConfiguration = configuration,
    });

    private static Task UpdateAsync(EcsCloud cloud) =>
        cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web" });

    private static async Task<List<ServiceDeploymentBrief>> ListAsync(EcsCloud cloud) =>
        (await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web" })).ServiceDeployments!;

    private static Task<List<ServiceDeploymentBrief>> UntilAsync(EcsCloud cloud, params string[] statuses) => EcsCloud.UntilAsync(
        string.Join(", ", statuses), () => ListAsync(cloud), list => list.Select(d => d.Status!).SequenceEqual(statuses),
        list => string.Join(", ", list.Select(d => $"{d.Status} ({d.StatusReason})")));

    [Fact]
    public async Task RolloutsAreListedAndDescribedAfterTheyAreOver()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        var first = await cloud.RegisterAsync("web");
        await CreateAsync(cloud);
        await UntilAsync(cloud, "SUCCESSFUL");
        var second = await cloud.RegisterAsync("web");
        await UpdateAsync(cloud);
        var list = await UntilAsync(cloud, "SUCCESSFUL", "SUCCESSFUL");

        Assert.Matches("^arn:aws:ecs:eu-central-1:123456789012:service-deployment/default/web/[0-9]+$", list[0].ServiceDeploymentArn);
        var described = (await cloud.CallAsync(
            EcsOperations.DescribeServiceDeployments, new() { ServiceDeploymentArns = [list[0].ServiceDeploymentArn!] })).ServiceDeployments!.Single();
        Assert.Equal((list[0].TargetServiceRevisionArn, 2, 2),
            (described.TargetServiceRevision!.Arn, described.TargetServiceRevision.RequestedTaskCount, described.TargetServiceRevision.RunningTaskCount));
        Assert.Equal([list[1].TargetServiceRevisionArn], described.SourceServiceRevisions!.Select(r => r.Arn));
        Assert.Equal((200, "DISABLED"), (described.DeploymentConfiguration!.MaximumPercent, described.DeploymentCircuitBreaker!.Status));
        Assert.Null(described.Rollback);
        var revisions = await cloud.CallAsync(EcsOperations.DescribeServiceRevisions, new()
        {
            ServiceRevisionArns = [list[1].TargetServiceRevisionArn!, list[0].TargetServiceRevisionArn!, list[0].TargetServiceRevisionArn + "0"],
        });
        Assert.Equal([first.TaskDefinitionArn, second.TaskDefinitionArn], revisions.ServiceRevisions!.Select(r => r.TaskDefinition));
        Assert.Equal(("main", "busybox"), (revisions.ServiceRevisions![0].ContainerImages![0].ContainerName, revisions.ServiceRevisions[0].ContainerImages![0].Image));
        Assert.Equal("MISSING", revisions.Failures!.Single().Reason);

        var page = await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web", MaxResults = 1 });
        Assert.Equal(list[0].ServiceDeploymentArn, page.ServiceDeployments!.Single().ServiceDeploymentArn);
        var rest = await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web", MaxResults = 1, NextToken = page.NextToken });
        Assert.Equal(list[1].ServiceDeploymentArn, rest.ServiceDeployments!.Single().ServiceDeploymentArn);
        Assert.Null(rest.NextToken);
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web", Status = ["STOPPED"] })).ServiceDeployments!);
        var later = new CreatedAt { After = list[0].CreatedAt };
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web", CreatedAt = later })).ServiceDeployments!);
    }

    [Fact]
    public async Task AStoppedRolloutIsRolledBackToTheLastThatSucceeded()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        var first = await cloud.RegisterAsync("web");
        await CreateAsync(cloud);
        var alone = (await UntilAsync(cloud, "SUCCESSFUL"))[0];
        var over = await EcsCloud.RefusedAsync(() => cloud.CallAsync(
            EcsOperations.StopServiceDeployment, new() { ServiceDeploymentArn = alone.ServiceDeploymentArn }));
        Assert.Equal("ConflictException", over.Code);
        var unknown = await EcsCloud.RefusedAsync(() => cloud.CallAsync(
            EcsOperations.StopServiceDeployment, new() { ServiceDeploymentArn = alone.ServiceDeploymentArn + "0" }));
        Assert.Equal("ServiceDeploymentNotFoundException", unknown.Code);

        // Tasks of the second version never come up.
        agent.Decide = t => t.Version == "2" ? Behaviour.Ignore : Behaviour.Run;
        await cloud.RegisterAsync("web");
        await UpdateAsync(cloud);
        var stuck = (await UntilAsync(cloud, "IN_PROGRESS", "SUCCESSFUL"))[0];
        Task<StopServiceDeploymentResponse> Stop() =>
            cloud.CallAsync(EcsOperations.StopServiceDeployment, new() { ServiceDeploymentArn = stuck.ServiceDeploymentArn, StopType = "ROLLBACK" });
        Assert.Equal(stuck.ServiceDeploymentArn, (await Stop()).ServiceDeploymentArn);
        var described = (await cloud.CallAsync(
            EcsOperations.DescribeServiceDeployments, new() { ServiceDeploymentArns = [stuck.ServiceDeploymentArn!] })).ServiceDeployments!.Single();
        Assert.StartsWith("ROLLBACK_", described.Status);
        Assert.Equal(alone.TargetServiceRevisionArn, described.Rollback!.ServiceRevisionArn);
        Assert.Equal(first.TaskDefinitionArn, (await cloud.ServiceAsync("web")).TaskDefinition);
    }

    [Fact]
    public async Task TheBreakersRollbackAndASupersededRolloutAreTold()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        await CreateAsync(cloud, new() { DeploymentCircuitBreaker = new() { Enable = true, Rollback = true } });
        await UntilAsync(cloud, "SUCCESSFUL");
        agent.Decide = t => t.Version switch { "2" => Behaviour.FailToStart, "3" => Behaviour.Ignore, _ => Behaviour.Run };
        await cloud.RegisterAsync("web");
        await UpdateAsync(cloud);

        var failed = (await UntilAsync(cloud, "ROLLBACK_SUCCESSFUL", "SUCCESSFUL"))[0];
        Assert.Contains("circuit breaker", failed.StatusReason, StringComparison.Ordinal);
        var described = (await cloud.CallAsync(
            EcsOperations.DescribeServiceDeployments, new() { ServiceDeploymentArns = [failed.ServiceDeploymentArn!] })).ServiceDeployments!.Single();
        Assert.Equal("TRIGGERED", described.DeploymentCircuitBreaker!.Status);
        Assert.True(described.DeploymentCircuitBreaker.FailureCount >= described.DeploymentCircuitBreaker.Threshold);

        await cloud.RegisterAsync("web");
        await UpdateAsync(cloud);
        await UntilAsync(cloud, "IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "SUCCESSFUL");
        await cloud.RegisterAsync("web");
        await UpdateAsync(cloud);
        await UntilAsync(cloud, "SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "SUCCESSFUL");
    }
}
