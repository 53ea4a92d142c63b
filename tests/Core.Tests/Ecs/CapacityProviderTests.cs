using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class CapacityProviderTests
{
    private const string Group = "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/x";

    private static CapacityProviderStrategyItem Item(string name, int weight = 1, int? least = null) =>
        new() { CapacityProvider = name, Weight = weight, Base = least };

    private static Task<FakeAgent> JoinAsync(EcsCloud cloud, string provider, int memory = 8192) => FakeAgent.JoinAsync(
        cloud, "EXTERNAL", memory: memory, attributes: new EcsAttribute { Name = "longspan.capacity", Value = provider });

    private static async Task ProvideAsync(EcsCloud cloud, params string[] providers)
    {
        foreach (var name in providers)
        {
            await cloud.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = name });
        }
        await cloud.CallAsync(EcsOperations.CreateCluster, new());
        await cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
        {
            Cluster = "default", CapacityProviders = [.. providers, "FARGATE"], DefaultCapacityProviderStrategy = [],
        });
    }

    private static async Task<string> RefusedAsync(Func<Task> call)
    {
        var error = await EcsCloud.RefusedAsync(call);
        return $"{error.Code}: {error.Message}";
    }

    [Fact]
    public async Task AProviderIsCreatedDescribedUpdatedTaggedAndDeleted()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var created = (await cloud.CallAsync(EcsOperations.CreateCapacityProvider, new()
        {
            Name = "machines",
            AutoScalingGroupProvider = new() { AutoScalingGroupArn = Group, ManagedScaling = new ManagedScaling { Status = "ENABLED" } },
            Tags = [new Tag { Key = "team", Value = "a" }],
        })).CapacityProvider!;
        Assert.Equal("arn:aws:ecs:eu-central-1:123456789012:capacity-provider/machines", created.CapacityProviderArn);
        Assert.Equal(("ACTIVE", 100, 10_000), (created.Status, created.AutoScalingGroupProvider!.ManagedScaling!.TargetCapacity,
            created.AutoScalingGroupProvider.ManagedScaling.MaximumScalingStepSize));

        var updated = (await cloud.CallAsync(EcsOperations.UpdateCapacityProvider, new()
        {
            Name = "machines", AutoScalingGroupProvider = new() { ManagedScaling = new ManagedScaling { TargetCapacity = 80 } },
        })).CapacityProvider!;
        Assert.Equal((80, "ENABLED", "UPDATE_COMPLETE"), (updated.AutoScalingGroupProvider!.ManagedScaling!.TargetCapacity,
            updated.AutoScalingGroupProvider.ManagedScaling.Status, updated.UpdateStatus));
        await cloud.CallAsync(EcsOperations.TagResource, new() { ResourceArn = created.CapacityProviderArn, Tags = [new Tag { Key = "x", Value = "1" }] });

        var described = await cloud.CallAsync(EcsOperations.DescribeCapacityProviders, new()
        {
            CapacityProviders = ["machines", created.CapacityProviderArn!, "FARGATE", "nothing"], Include = ["TAGS"],
        });
        Assert.Equal(["machines", "FARGATE"], described.CapacityProviders!.Select(p => p.Name!));
        Assert.Equal(["team", "x"], described.CapacityProviders![0].Tags!.Select(t => t.Key!).Order());
        Assert.Equal(("MISSING", "arn:aws:ecs:eu-central-1:123456789012:capacity-provider/nothing"),
            (described.Failures!.Single().Reason, described.Failures!.Single().Arn));
        var all = await cloud.CallAsync(EcsOperations.DescribeCapacityProviders, new() { MaxResults = 2 });
        Assert.Equal(["FARGATE", "FARGATE_SPOT"], all.CapacityProviders!.Select(p => p.Name!));
        var rest = await cloud.CallAsync(EcsOperations.DescribeCapacityProviders, new() { NextToken = all.NextToken });
        Assert.Equal(("machines", null), (rest.CapacityProviders!.Single().Name, rest.NextToken));

        await cloud.CallAsync(EcsOperations.DeleteCapacityProvider, new() { CapacityProvider = "machines" });
        Assert.Single((await cloud.CallAsync(EcsOperations.DescribeCapacityProviders, new() { CapacityProviders = ["machines"] })).Failures!);
    }

    [Fact]
    public async Task ProvidersAreRefusedInTheWordsOfEcs()
    {
        await using var cloud = await EcsCloud.StartAsync();
        foreach (var name in new[] { "awsome", "ecs1", "FARGATE_X", "a b", new string('a', 256) })
        {
            Assert.StartsWith("InvalidParameterException: The specified capacity provider name is invalid.",
                await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = name })));
        }
        CreateCapacityProviderRequest Machines(string name) => new() { Name = name, AutoScalingGroupProvider = new() { AutoScalingGroupArn = Group } };
        await cloud.CallAsync(EcsOperations.CreateCapacityProvider, Machines("one"));
        Assert.StartsWith("ClientException: The specified Auto Scaling group ARN is already being used by another capacity provider.",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateCapacityProvider, Machines("two"))));
        Assert.StartsWith("ClientException: The specified capacity provider already exists.",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = "one" })));
        Assert.StartsWith("ClientException: The specified capacity provider 'FARGATE' is reserved",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.DeleteCapacityProvider, new() { CapacityProvider = "FARGATE" })));
        Assert.StartsWith("InvalidParameterException: The managed termination protection setting",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.UpdateCapacityProvider, new()
            {
                Name = "one", AutoScalingGroupProvider = new() { ManagedTerminationProtection = "ENABLED" },
            })));

        await cloud.CallAsync(EcsOperations.CreateCluster, new());
        PutClusterCapacityProvidersRequest Put(string[] providers, params CapacityProviderStrategyItem[] strategy) =>
            new() { Cluster = "default", CapacityProviders = [.. providers], DefaultCapacityProviderStrategy = [.. strategy] };
        Assert.Contains("'nothing' was not found", await RefusedAsync(() =>
            cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, Put(["nothing"]))));
        Assert.Contains("not associated with the cluster", await RefusedAsync(() =>
            cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, Put(["FARGATE"], Item("one")))));
        Assert.Contains("maximum number of capacity providers per cluster has been exceeded", await RefusedAsync(() =>
            cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, Put([.. Enumerable.Range(0, 21).Select(i => $"p{i}")]))));
        Assert.Contains("can have a base", await RefusedAsync(() => cloud.CallAsync(EcsOperations.PutClusterCapacityProviders,
            Put(["FARGATE", "one"], Item("FARGATE", least: 1), Item("one", least: 1)))));
        Assert.Contains("between 0 and 1000", await RefusedAsync(() => cloud.CallAsync(EcsOperations.PutClusterCapacityProviders,
            Put(["one"], Item("one", weight: 1001)))));
        Assert.Contains("more than once", await RefusedAsync(() => cloud.CallAsync(EcsOperations.PutClusterCapacityProviders,
            Put(["one"], Item("one"), Item("one")))));

        await cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, Put(["one"], Item("one", weight: 0)));
        await cloud.RegisterAsync("job");
        Assert.StartsWith("InvalidParameterException: There are no capacity providers with a weight value greater than zero defined in the default",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job" })));
        Assert.Contains("not associated with the cluster", await RefusedAsync(() =>
            cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", CapacityProviderStrategy = [Item("FARGATE")] })));
        Assert.StartsWith("ClientException: The specified capacity provider cannot be deleted",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.DeleteCapacityProvider, new() { CapacityProvider = "one" })));
    }

    [Fact]
    public async Task TasksAreDividedByBaseAndWeightAndShowTheirProvider()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await ProvideAsync(cloud, "north", "south");
        await using var north = await JoinAsync(cloud, "north");
        await using var south = await JoinAsync(cloud, "south");
        await using var other = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");

        var answer = await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "job", Count = 8, CapacityProviderStrategy = [Item("north", 1, least: 2), Item("south", 2)],
        });

        Assert.Equal(4, answer.Tasks!.Count(t => t.CapacityProviderName == "north" && t.ContainerInstanceArn == north.Arn));
        Assert.Equal(4, answer.Tasks!.Count(t => t.CapacityProviderName == "south" && t.ContainerInstanceArn == south.Arn));
        Assert.All(answer.Tasks!, t => Assert.Equal("EXTERNAL", t.LaunchType));
        var instance = (await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [north.Arn, other.Arn] }))
            .ContainerInstances!;
        Assert.Equal(["north", null], instance.Select(i => i.CapacityProviderName));

        Assert.StartsWith("ResourceInUseException: The specified capacity provider is in use and cannot be removed.", await RefusedAsync(() =>
            cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
            {
                Cluster = "default", CapacityProviders = ["south"], DefaultCapacityProviderStrategy = [],
            })));
    }

    [Fact]
    public async Task AServiceTakesTheClustersDefaultStrategyAndChangesItByForce()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await ProvideAsync(cloud, "north", "south");
        await cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
        {
            Cluster = "default", CapacityProviders = ["north", "south"], DefaultCapacityProviderStrategy = [Item("north")],
        });
        await using var north = await JoinAsync(cloud, "north");
        await using var south = await JoinAsync(cloud, "south");
        await cloud.RegisterAsync("web");
        var created = (await cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "web", TaskDefinition = "web", DesiredCount = 2 })).Service!;
        Assert.Equal(("north", null), (created.CapacityProviderStrategy!.Single().CapacityProvider, created.LaunchType));
        await cloud.UntilStableAsync("web", 2);
        Assert.Equal((2, 0), (north.Running.Count, south.Running.Count));

        UpdateServiceRequest Update(bool force) => new()
        {
            Service = "web", CapacityProviderStrategy = [Item("north"), Item("south")], ForceNewDeployment = force,
        };
        Assert.StartsWith("InvalidParameterException: When switching from launch type to capacity provider strategy",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.UpdateService, Update(force: false))));
        await cloud.CallAsync(EcsOperations.UpdateService, Update(force: true));
        await cloud.UntilStableAsync("web", 2);
        await EcsCloud.UntilAsync("one on each", () => Task.FromResult((north.Running.Count, south.Running.Count)), n => n == (1, 1));
    }
}
