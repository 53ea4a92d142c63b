using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>What <c>--aws-strict</c> refuses is served without it, call by call.</summary>
public sealed class StrictTests
{
    private static readonly List<LoadBalancer> Balancers = [new() { TargetGroupArn = "arn:aws:elasticloadbalancing:x:1:targetgroup/a/b", ContainerName = "main", ContainerPort = 80 }];

    private static RegisterTaskDefinitionRequest Definition(string family, string mode, params string[] compatibilities) => new()
    {
        Family = family, NetworkMode = mode, RequiresCompatibilities = [.. compatibilities], Cpu = "256", Memory = "512",
        ContainerDefinitions = [new() { Name = "main", Image = "busybox", PortMappings = [new() { ContainerPort = 80 }] }],
    };

    private static CreateServiceRequest Service(string name, Action<CreateServiceRequest> change)
    {
        var request = new CreateServiceRequest { ServiceName = name, TaskDefinition = "job", DesiredCount = 0 };
        change(request);
        return request;
    }

    private static NetworkConfiguration Network() => new() { AwsvpcConfiguration = new() { Subnets = ["a"] } };

    // In both modes; what only the lenient mode can make is made by the lenient run alone.
    private static List<(string Name, string Refusal, Func<EcsCloud, Task> Call)> Lifted() =>
    [
        ("bridge on Fargate", "ClientException: Fargate only supports network mode ‘awsvpc’.",
            c => c.CallAsync(EcsOperations.RegisterTaskDefinition, Definition("a", "bridge", "FARGATE"))),
        ("provider without a group", "InvalidParameterException: The specified capacity provider must have an autoScalingGroupProvider",
            c => c.CallAsync(EcsOperations.CreateCapacityProvider, new() { Name = "bare" })),
        ("load balancers on EXTERNAL", "InvalidParameterException: Load balancers are not supported with EXTERNAL launch type.",
            c => c.CallAsync(EcsOperations.CreateService, Service("b", r => (r.LaunchType, r.LoadBalancers) = ("EXTERNAL", Balancers)))),
        ("registries on EXTERNAL", "InvalidParameterException: Service registries are not supported with EXTERNAL launch type.",
            c => c.CallAsync(EcsOperations.CreateService, Service("c", r => (r.LaunchType, r.ServiceRegistries) = ("EXTERNAL", [new() { RegistryArn = "x" }])))),
        ("grace period without load balancers", "InvalidParameterException: Health check grace period is only valid for services configured to use load balancers",
            c => c.CallAsync(EcsOperations.CreateService, Service("d", r => (r.LaunchType, r.HealthCheckGracePeriodSeconds) = ("EXTERNAL", 5)))),
        ("placement on Fargate", "InvalidParameterException: Placement strategies are not supported with FARGATE launch type.",
            c => c.CallAsync(EcsOperations.CreateService, Service("e", r =>
                (r.TaskDefinition, r.LaunchType, r.NetworkConfiguration, r.PlacementStrategy) = ("fargate", "FARGATE", Network(), [new() { Type = "random" }])))),
        ("mixed strategy", "InvalidParameterException: A capacity provider strategy cannot contain a mix",
            c => c.CallAsync(EcsOperations.CreateService, Service("f", r => (r.TaskDefinition, r.NetworkConfiguration, r.CapacityProviderStrategy) =
                ("fargate", Network(), [new() { CapacityProvider = "FARGATE", Weight = 1 }, new() { CapacityProvider = "machines", Weight = 1 }])))),
        ("mixed default strategy", "InvalidParameterException: A capacity provider strategy cannot contain a mix",
            c => c.CallAsync(EcsOperations.PutClusterCapacityProviders, new()
            {
                Cluster = "default", CapacityProviders = ["FARGATE", "machines"],
                DefaultCapacityProviderStrategy = [new() { CapacityProvider = "FARGATE", Weight = 1 }, new() { CapacityProvider = "machines", Weight = 1 }],
            })),
        ("Fargate in a cluster without it", "InvalidParameterException: The specified capacity provider strategy cannot contain a capacity provider that is not associated",
            c => c.CallAsync(EcsOperations.CreateService, Service("g", r => (r.Cluster, r.TaskDefinition, r.NetworkConfiguration, r.CapacityProviderStrategy) =
                ("fresh", "fargate", Network(), [new() { CapacityProvider = "FARGATE", Weight = 1 }])))),
    ];

    private static async Task<EcsCloud> StartAsync(bool strict)
    {
        var cloud = await EcsCloud.StartAsync(strict: strict);
        await cloud.RegisterAsync("job");
        await cloud.CallAsync(EcsOperations.RegisterTaskDefinition, Definition("fargate", "awsvpc", "FARGATE", "EC2"));
        await cloud.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = "fresh" });
        await cloud.CallAsync(EcsOperations.CreateCapacityProvider, new()
        {
            Name = "machines", AutoScalingGroupProvider = new()
            {
                AutoScalingGroupArn = "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/x",
            },
        });
        await cloud.CallAsync(EcsOperations.CreateCluster, new() { CapacityProviders = ["FARGATE", "machines"] });
        return cloud;
    }

    [Fact]
    public async Task WhatAwsRefusesIsServed()
    {
        await using var cloud = await StartAsync(strict: false);
        foreach (var (_, _, call) in Lifted())
        {
            await call(cloud);
        }
    }

    [Fact]
    public async Task StrictlyItIsRefusedInItsWords()
    {
        await using var cloud = await StartAsync(strict: true);
        foreach (var (name, refusal, call) in Lifted())
        {
            var error = await EcsCloud.RefusedAsync(() => call(cloud));
            Assert.True($"{error.Code}: {error.Message}".StartsWith(refusal, StringComparison.Ordinal), $"{name}: {error.Code}: {error.Message}");
        }
        var awsvpc = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.RegisterTaskDefinition, Definition("h", "awsvpc", "EXTERNAL")));
        Assert.Equal("ClientException", awsvpc.Code);
        // What AWS takes is taken.
        await cloud.CallAsync(EcsOperations.CreateService, Service("ok", r => (r.TaskDefinition, r.NetworkConfiguration, r.CapacityProviderStrategy) =
            ("fargate", Network(), [new() { CapacityProvider = "FARGATE", Weight = 1 }])));
    }
}
