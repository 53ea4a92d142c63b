using Longspan.Api;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Wire;
using Longspan.Services.Ecs.Documents;
using Longspan.Wire.Recognition;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Operations that are refused as a whole, and those that are served as far as they can be.</summary>
public sealed class OperationTests
{
    private static async Task<string> RefusedAsync(Func<Task> call)
    {
        var error = await EcsCloud.RefusedAsync(call);
        return $"{error.Code}: {error.Message}";
    }

    [Fact]
    public void WhatIsNotServedSaysSoInTheProtocolOfItsCaller()
    {
        var served = EcsOperations.Service.Operations().Select(o => o.Name).ToHashSet();
        var unserved = EcsOperations.Service.AllOperations.Where(o => !served.Contains(o)).ToList();
        Assert.NotEmpty(unserved);
        var recogniser = new Recogniser(AwsServices.All);
        Assert.All(unserved, operation =>
        {
            var recognised = recogniser.Recognise(Wired.Post(
                "{}", $"X-Amz-Target: {EcsOperations.Service.TargetPrefix}.{operation}\nContent-Type: application/x-amz-json-1.1"));
            Assert.Null(recognised.Operation);
            Assert.Equal((AwsProtocol.AwsJson11, "UnknownOperationException", 400, $"The operation {operation} of Ecs is not supported here yet."),
                (recognised.Protocol, recognised.Error!.Code, recognised.Error.HttpStatus, recognised.Error.Message));
        });
        // What is left out is left out on purpose: daemons, express gateway services, gateways.
        Assert.All(unserved, operation => Assert.Matches("Daemon|Gateway", operation));
    }

    [Fact]
    public async Task ACommandIsCheckedUpToTheMissingChannel()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        async Task<string> RunAsync(bool enabled) => (await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "job", LaunchType = "EXTERNAL", EnableExecuteCommand = enabled,
        })).Tasks!.Single().TaskArn!;
        var closed = await RunAsync(false);
        var open = await RunAsync(true);
        await cloud.UntilTaskAsync(closed, "RUNNING");
        Assert.True((await cloud.UntilTaskAsync(open, "RUNNING")).EnableExecuteCommand);
        Task<string> ExecuteAsync(string task, bool interactive = true, string? container = null) => RefusedAsync(() => cloud.CallAsync(
            EcsOperations.ExecuteCommand, new() { Command = "sh", Interactive = interactive, Task = task, Container = container }));

        Assert.StartsWith("InvalidParameterException: The execute command failed because execute command was not enabled when the task was run or the "
            + "execute command agent isn’t running.", await ExecuteAsync(closed), StringComparison.Ordinal);
        Assert.Equal("TargetNotConnectedException: The execute command failed due to an internal error. Try again later.", await ExecuteAsync(open));
        Assert.StartsWith("InvalidParameterException: Interactive is the only mode", await ExecuteAsync(open, interactive: false), StringComparison.Ordinal);
        Assert.StartsWith("InvalidParameterException: The container", await ExecuteAsync(open, container: "other"), StringComparison.Ordinal);
        Assert.StartsWith("InvalidParameterException: The specified task", await ExecuteAsync(new string('a', 32)), StringComparison.Ordinal);
        agent.Decide = _ => Behaviour.Ignore;
        Assert.StartsWith("TargetNotFoundException", await ExecuteAsync(await RunAsync(true)), StringComparison.Ordinal);
        await agent.ExitAsync(open, 0);
        await cloud.UntilTaskAsync(open, "STOPPED");
        Assert.StartsWith("InvalidParameterException: The specified task", await ExecuteAsync(open), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterSettingsChangeAlone()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = "c", ServiceConnectDefaults = new() { Namespace = "inside" } });
        Task<UpdateClusterSettingsResponse> SetAsync(string name, string value) => cloud.CallAsync(
            EcsOperations.UpdateClusterSettings, new() { Cluster = "c", Settings = [new() { Name = name, Value = value }] });
        var updated = (await SetAsync("containerInsights", "enhanced")).Cluster!;
        Assert.Equal(("enhanced", "inside"), (updated.Settings!.Single().Value, updated.ServiceConnectDefaults!.Namespace));
        Assert.StartsWith("InvalidParameterException", await RefusedAsync(() => SetAsync("containerInsights", "much")), StringComparison.Ordinal);
        Assert.StartsWith("InvalidParameterException", await RefusedAsync(() => SetAsync("other", "enabled")), StringComparison.Ordinal);
        Assert.StartsWith("ClusterNotFoundException", await RefusedAsync(() => cloud.CallAsync(
            EcsOperations.UpdateClusterSettings, new() { Cluster = "d", Settings = [new() { Name = "containerInsights", Value = "enabled" }] })), StringComparison.Ordinal);

        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServicesByNamespace, new() { Namespace = "inside" })).ServiceArns!);
        Assert.StartsWith("NamespaceNotFoundException", await RefusedAsync(() => cloud.CallAsync(
            EcsOperations.ListServicesByNamespace, new() { Namespace = "outside" })), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoRolloutWaitsAtAHook()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "web", TaskDefinition = "web", DesiredCount = 0, LaunchType = "EXTERNAL" });
        var rollout = (await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web" })).ServiceDeployments!.Single();
        Task<string> ContinueAsync(string arn, string? action) => RefusedAsync(() => cloud.CallAsync(
            EcsOperations.ContinueServiceDeployment, new() { ServiceDeploymentArn = arn, HookId = "ecs-pause-1", Action = action }));
        Assert.StartsWith("InvalidParameterException: The service deployment has no lifecycle hook ecs-pause-1", await ContinueAsync(rollout.ServiceDeploymentArn!, null), StringComparison.Ordinal);
        Assert.StartsWith("InvalidParameterException: The action", await ContinueAsync(rollout.ServiceDeploymentArn!, "WAIT"), StringComparison.Ordinal);
        Assert.StartsWith("ServiceDeploymentNotFoundException", await ContinueAsync(rollout.ServiceDeploymentArn + "0", "ROLLBACK"), StringComparison.Ordinal);
    }

    // Services that are on their way to disk while a removal looks for users: whatever the order, a provider that is used is offered.
    [Fact]
    public async Task AProviderLeavesAClusterOnlyWithoutWhoUsesIt()
    {
        const int rounds = 24, creations = 8;
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = "machines" });
        await cloud.CallAsync(EcsOperations.CreateCluster, new());
        Task PutAsync(params string[] providers) => cloud.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
        {
            Cluster = "default", CapacityProviders = [.. providers], DefaultCapacityProviderStrategy = [],
        });
        static async Task<bool> TriesAsync(Func<Task> call)
        {
            try
            {
                await call();
                return true;
            }
            catch (AwsError)
            {
                return false;
            }
        }
        for (var round = 0; round < rounds; round++)
        {
            await PutAsync("machines");
            // Every removal starts at another moment of the creations.
            var calls = Enumerable.Range(0, creations).Select(i => Task.Run(() => TriesAsync(async () =>
            {
                for (var turn = 0; turn < i * round; turn++)
                {
                    await Task.Yield();
                }
                await cloud.CallAsync(EcsOperations.CreateService, new()
                {
                    ServiceName = $"s{i}", TaskDefinition = "web", DesiredCount = 0, CapacityProviderStrategy = [new() { CapacityProvider = "machines", Weight = 1 }],
                });
            }))).ToList();
            var removed = await Task.Run(() => TriesAsync(() => PutAsync()));
            var created = await Task.WhenAll(calls);
            var offered = (await cloud.CallAsync(EcsOperations.DescribeClusters, new())).Clusters!.Single().CapacityProviders!.Count > 0;
            Assert.True(offered == created.Any(c => c) && offered != removed, $"round {round}: created {string.Join(", ", created)}, removed {removed}, offered {offered}");
            for (var i = 0; i < creations; i++)
            {
                await TriesAsync(() => cloud.CallAsync(EcsOperations.DeleteService, new() { Service = $"s{i}", Force = true }));
            }
        }
    }
}

/// <summary>What a service says about itself, and how often.</summary>
public sealed class ServiceEventTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static ServiceDocument Service() => new()
    {
        Name = "web", Arn = "a", ClusterName = "default", DesiredCount = 1, LaunchType = "EXTERNAL", CreatedAt = Start, Declared = new Service(), Deployments = [],
    };

    [Fact]
    public void TwoConditionsInOnePassAreToldOnceEach()
    {
        var first = Service().WithCondition("1", "cannot place a.", Start).WithCondition("2", "cannot place b.", Start);
        Assert.Equal(["(service web) cannot place b.", "(service web) cannot place a."], first.Events.Select(e => e.Message));
        var soon = Start + TimeSpan.FromMinutes(14);
        Assert.Same(first, first.WithCondition("3", "cannot place a.", soon).WithCondition("4", "cannot place b.", soon));
        var later = Start + ServiceDocument.ConditionWindow;
        Assert.Equal("5", first.WithCondition("5", "cannot place a.", later).Events[0].Id);
        // What happens twice is told twice.
        Assert.Equal(2, Service().WithEvent("1", "has reached a steady state.", Start).WithEvent("2", "has reached a steady state.", Start).Events.Count);
        Assert.Equal(ServiceDocument.MaximumEvents, Enumerable.Range(0, 200).Aggregate(Service(), (s, i) => s.WithEvent($"{i}", $"{i}", Start)).Events.Count);
    }

    [Fact]
    public async Task EveryReturnToSteadyIsTold()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "web", TaskDefinition = "web", DesiredCount = 2, LaunchType = "EXTERNAL" });
        const string steady = "(service web) has reached a steady state.";
        Task<Service> UntilAsync(int times) => cloud.UntilServiceAsync("web", $"steady {times} times", s => s.Events!.Count(e => e.Message == steady) == times);
        var service = await UntilAsync(1);
        Assert.Matches(@"^\(service web\) has started 2 tasks: \(task [0-9a-f]{32}\) \(task [0-9a-f]{32}\)\.$", service.Events![^1].Message);
        Assert.Contains(service.Events, e => e.Message == $"(service web) (deployment {service.Deployments![0].Id}) deployment completed.");
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 1 });
        service = await UntilAsync(2);
        Assert.Single(service.Events!, e => e.Message!.StartsWith("(service web) has stopped 1 running tasks: (task ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ARollbackBringsBackWhatTheRevisionHeld()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud);
        await cloud.RegisterAsync("web", r =>
        {
            (r.NetworkMode, r.RequiresCompatibilities, r.Cpu, r.Memory) = ("awsvpc", ["FARGATE"], "256", "512");
            r.ContainerDefinitions = [new ContainerDefinition { Name = "main", Image = "busybox" }];
        });
        static NetworkConfiguration In(string subnet) => new() { AwsvpcConfiguration = new() { Subnets = [subnet] } };
        var first = (await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 1, LaunchType = "FARGATE", PlatformVersion = "1.3.0", NetworkConfiguration = In("a"),
        })).Service!;
        await cloud.UntilStableAsync("web", 1);
        agent.Decide = _ => Behaviour.Ignore;
        await cloud.CallAsync(EcsOperations.UpdateService, new()
        {
            Service = "web", PlatformVersion = "1.4.0", NetworkConfiguration = In("b"), DesiredCount = 2, ForceNewDeployment = true,
            CapacityProviderStrategy = [new() { CapacityProvider = "FARGATE_SPOT", Weight = 1 }],
        });
        var stuck = (await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web" })).ServiceDeployments![0];
        await cloud.CallAsync(EcsOperations.StopServiceDeployment, new() { ServiceDeploymentArn = stuck.ServiceDeploymentArn });

        var service = await cloud.ServiceAsync("web");
        Assert.Equal(("1.3.0", "FARGATE", "a", 2), (service.PlatformVersion, service.LaunchType,
            service.NetworkConfiguration!.AwsvpcConfiguration!.Subnets!.Single(), service.DesiredCount));
        Assert.Null(service.CapacityProviderStrategy);
        Assert.Equal(first.TaskDefinition, service.TaskDefinition);
    }
}
