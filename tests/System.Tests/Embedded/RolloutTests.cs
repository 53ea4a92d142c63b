using Longspan.Api.Ecs;
using Longspan.Cli.Embedded;
using Xunit;

namespace Longspan.System.Tests.Embedded;

/// <summary>New versions of the page, good and bad, while somebody looks at it all the time.</summary>
[Collection(EmbeddedTests.Name)]
public sealed class RolloutTests(EmbeddedSystem system)
{
    private const string Service = "orders-web";
    private static readonly TimeSpan RolloutLimit = TimeSpan.FromSeconds(120);

    [EmbeddedFact]
    public async Task A_new_version_rolls_out_while_the_page_answers_all_the_way()
    {
        var before = Assert.Single(await system.ContainersAsync(Service));
        await using var visitor = new Visitor(system.Shop);

        var revision = await RegisterAsync(definition => definition.Environment = [.. definition.Environment ?? [], new() { Name = "ROLLED_OUT", Value = "yes" }]);
        await DeployAsync(revision);
        await Soon.SeeAsync("the new version is all that runs", DescribeAsync,
            service => service is { Deployments: [{ RolloutState: "COMPLETED" } only], RunningCount: 1 } && only.TaskDefinition == revision, RolloutLimit, Tell);
        var after = await Soon.SeeAsync("the old container has ended", () => system.ContainersAsync(Service), seen => seen.Count == 1, describe: seen => string.Join(", ", seen));
        await visitor.SawAsync(20);

        Assert.NotEqual(before, after[0]);
        Assert.Contains("ROLLED_OUT=yes", await Tool.RunAsync("docker", ["inspect", "-f", "{{.Config.Env}}", after[0]], default), StringComparison.Ordinal);
        Assert.Empty(visitor.Faults);
    }

    [EmbeddedFact]
    public async Task A_version_that_cannot_start_does_not_take_the_old_one_down()
    {
        var before = await DescribeAsync();
        await using var visitor = new Visitor(system.Shop);

        var revision = await RegisterAsync(definition => definition.Image = $"{system.Run.CloudEndpoint.Authority}/orders/web:absent");
        await DeployAsync(revision);
        var after = await Soon.SeeAsync("the service is back at the version before", DescribeAsync,
            service => service is { Deployments: [{ RolloutState: "COMPLETED" } only], RunningCount: 1 } && only.TaskDefinition == before.TaskDefinition, RolloutLimit, Tell);
        var why = (after.Events ?? []).Where(told => told.CreatedAt > before.Deployments![0].UpdatedAt).Select(told => told.Message).ToArray();
        Assert.Contains(why, told => told!.Contains("CannotPullContainerError", StringComparison.Ordinal));
        Assert.Contains(why, told => told!.Contains("deployment failed", StringComparison.Ordinal));
        Assert.Contains(why, told => told!.Contains("rolling back", StringComparison.Ordinal));
        await Soon.SeeAsync("one container runs", () => system.ContainersAsync(Service), seen => seen.Count == 1, describe: seen => string.Join(", ", seen));
        await visitor.SawAsync(20);
        Assert.Empty(visitor.Faults);
    }

    private async Task<string> RegisterAsync(Action<ContainerDefinition> change)
    {
        // The one that runs, not the newest: the newest may be another test's bad one.
        var running = (await system.Aws.CallAsync(EcsOperations.DescribeTaskDefinition, new() { TaskDefinition = (await DescribeAsync()).TaskDefinition }, default)).TaskDefinition!;
        change(running.ContainerDefinitions![0]);
        var registered = await system.Aws.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = running.Family, ContainerDefinitions = running.ContainerDefinitions, Cpu = running.Cpu, Memory = running.Memory, NetworkMode = running.NetworkMode,
            ExecutionRoleArn = running.ExecutionRoleArn, TaskRoleArn = running.TaskRoleArn, RequiresCompatibilities = running.RequiresCompatibilities, Volumes = running.Volumes,
        }, default);
        return registered.TaskDefinition!.TaskDefinitionArn!;
    }

    private Task DeployAsync(string revision) =>
        system.Aws.CallAsync(EcsOperations.UpdateService, new() { Cluster = Topology.Cluster, Service = Service, TaskDefinition = revision }, default);

    private async Task<Service> DescribeAsync() =>
        Assert.Single((await system.Aws.CallAsync(EcsOperations.DescribeServices, new() { Cluster = Topology.Cluster, Services = [Service] }, default)).Services!);

    private static string Tell(Service service) => string.Join("; ", (service.Deployments ?? []).Select(deployment =>
        $"{deployment.TaskDefinition} {deployment.Status} {deployment.RolloutState} {deployment.RunningCount}/{deployment.DesiredCount} failed {deployment.FailedTasks} {deployment.RolloutStateReason}")
        .Concat((service.Events ?? []).Take(3).Select(told => told.Message ?? "")));
}
