using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Rules;
using Xunit;
using KeyValuePair = Longspan.Api.Ecs.KeyValuePair;

namespace Longspan.Core.Tests.Ecs;

/// <summary>A task definition as the agent gets it: units, merged overrides, and Docker objects that say no more than they must.</summary>
public sealed class PayloadTests
{
    private static AgentTask Build(
        Action<RegisterTaskDefinitionRequest> change, TaskOverride? overrides = null, string launchType = "EXTERNAL", bool ours = false)
    {
        var request = new RegisterTaskDefinitionRequest
        {
            Family = "web", ContainerDefinitions = [new ContainerDefinition { Name = "main", Image = "web:1", Memory = 64 }],
        };
        change(request);
        var definition = new TaskDefinitionDocument
        {
            Family = "web", Revision = 3, Arn = "arn:aws:ecs:r1:123456789012:task-definition/web:3", RegisteredAt = default,
            Definition = TaskDefinitionRules.Complete(request),
        };
        var instance = new ContainerInstanceDocument
        {
            Id = "i", Arn = "arn:i", ClusterName = "default", RegisteredAt = default, Registered = new InstanceResources(1, 1, [], [], []),
        };
        var template = new TaskTemplate
        {
            Definition = definition, ClusterName = "default", LaunchType = launchType, Group = "g", Overrides = overrides,
        };
        var (task, _) = NewTask.On(instance, template, new CallScope("123456789012", "r1"), default);
        return PayloadBuilder.Build(new PayloadInput
        {
            Task = task with { Id = "0123456789abcdef0123456789abcdef" }, Definition = definition, ClusterArn = "arn:c", Region = "r1",
            AccountId = "123456789012", Endpoint = new Uri("http://10.0.0.1:4566"), IsLongspanNode = ours,
        });
    }

    private static JsonNode Host(AgentTask task) => JsonNode.Parse(task.Containers![0].DockerConfig!.HostConfig!)!;

    [Fact]
    public void ABareContainerSetsNothingThatWouldLiftALimit()
    {
        var task = Build(_ => { });
        var container = Assert.Single(task.Containers!);
        Assert.Null(container.DockerConfig!.Config);
        Assert.Equal("""{"NetworkMode":"bridge"}""", container.DockerConfig.HostConfig);
        Assert.Equal((64, 0, true), (container.Memory, container.Cpu, container.Essential));
        Assert.Null(task.Cpu);
        Assert.Null(task.Memory);
        Assert.Null(container.EntryPoint);
        Assert.Null(container.Overrides);
        Assert.Equal("AWS_ECS_EXTERNAL", Assert.Single(container.Environment!).Value);
    }

    [Fact]
    public void UnitsAreTheProtocols()
    {
        var task = Build(r =>
        {
            (r.Cpu, r.Memory) = ("0.5 vCPU", "1 GB");
            var c = r.ContainerDefinitions![0];
            c.MemoryReservation = 32;
            c.HealthCheck = new HealthCheck { Command = ["CMD-SHELL", "true"], Interval = 7, StartPeriod = 3 };
            c.LinuxParameters = new LinuxParameters
            {
                InitProcessEnabled = true, SharedMemorySize = 8, MaxSwap = 16,
                Tmpfs = [new Tmpfs { ContainerPath = "/tmp", Size = 4, MountOptions = ["noexec"] }],
                Capabilities = new KernelCapabilities { Drop = ["ALL"] },
                Devices = [new Device { HostPath = "/dev/x", Permissions = ["read", "write"] }],
            };
        });
        Assert.Equal((0.5, 1024), (task.Cpu, task.Memory));
        var check = JsonNode.Parse(task.Containers![0].DockerConfig!.Config!)!["Healthcheck"]!;
        Assert.Equal((7_000_000_000, 5_000_000_000, 3_000_000_000),
            ((long)check["Interval"]!, (long)check["Timeout"]!, (long)check["StartPeriod"]!));
        var host = Host(task);
        Assert.Equal(32L << 20, (long)host["MemoryReservation"]!);
        Assert.Equal(8L << 20, (long)host["ShmSize"]!);
        Assert.Equal((64L + 16) << 20, (long)host["MemorySwap"]!);
        Assert.Equal("size=4m,noexec", (string?)host["Tmpfs"]!["/tmp"]);
        Assert.Equal(("/dev/x", "/dev/x", "rw"),
            ((string?)host["Devices"]![0]!["PathOnHost"], (string?)host["Devices"]![0]!["PathInContainer"], (string?)host["Devices"]![0]!["CgroupPermissions"]));
        Assert.Equal("ALL", (string?)host["CapDrop"]![0]);
        Assert.Null(host["CapAdd"]);
    }

    [Fact]
    public void WhatTheProtocolHasNoMemberForTravelsInTheDockerObjects()
    {
        var task = Build(r =>
        {
            r.Memory = "128";
            var c = r.ContainerDefinitions![0];
            (c.Memory, c.Privileged, c.ReadonlyRootFilesystem, c.DisableNetworking) = (null, true, true, true);
            c.DockerSecurityOptions = ["label:disable", "no-new-privileges"];
            c.LinuxParameters = new LinuxParameters { MaxSwap = 0, Swappiness = 30 };
            c.SystemControls = [new SystemControl { Namespace = "net.core.somaxconn", Value = "9" }];
            r.ExecutionRoleArn = "arn:aws:iam::123456789012:role/exec";
            c.Secrets =
            [
                new Secret { Name = "KEY", ValueFrom = "arn:aws:ssm:r2:123456789012:parameter/key" },
                new Secret { Name = "DEEP", ValueFrom = "arn:aws:ssm:r1:123456789012:parameter/a/b" },
                new Secret { Name = "NAMED", ValueFrom = "/a/b" },
                new Secret { Name = "THEIRS", ValueFrom = "arn:aws:ssm:r1:210987654321:parameter/a/b" },
                new Secret { Name = "PART", ValueFrom = "arn:aws:secretsmanager:r1:1:secret:t:user::" },
            ];
            c.LogConfiguration = new LogConfiguration { LogDriver = "splunk", SecretOptions = [new Secret { Name = "splunk-token", ValueFrom = "arn:aws:secretsmanager:r1:1:secret:t" }] };
        });
        var host = Host(task);
        Assert.Equal((true, true, 128L << 20, 30, "9"),
            ((bool)host["Privileged"]!, (bool)host["ReadonlyRootfs"]!, (long)host["MemorySwap"]!, (int)host["MemorySwappiness"]!, (string?)host["Sysctls"]!["net.core.somaxconn"]));
        Assert.Equal(["label=disable", "no-new-privileges"], host["SecurityOpt"]!.AsArray().Select(o => (string)o!));
        Assert.True((bool)JsonNode.Parse(task.Containers![0].DockerConfig!.Config!)!["NetworkDisabled"]!);
        Assert.Equal(
            [
                ("KEY", "key", "ssm", "r2", "ENVIRONMENT_VARIABLE", "CONTAINER"), ("DEEP", "/a/b", "ssm", "r1", "ENVIRONMENT_VARIABLE", "CONTAINER"),
                ("NAMED", "/a/b", "ssm", "r1", "ENVIRONMENT_VARIABLE", "CONTAINER"),
                ("THEIRS", "arn:aws:ssm:r1:210987654321:parameter/a/b", "ssm", "r1", "ENVIRONMENT_VARIABLE", "CONTAINER"),
                ("PART", "arn:aws:secretsmanager:r1:1:secret:t:user::", "asm", "r1", "ENVIRONMENT_VARIABLE", "CONTAINER"),
                ("splunk-token", "arn:aws:secretsmanager:r1:1:secret:t", "asm", "r1", "BOOTSTRAP", "LOG_DRIVER"),
            ],
            task.Containers[0].Secrets!.Select(s => (s.Name, s.ValueFrom, s.Provider, s.Region, s.Type, s.Target)));
    }

    [Theory]
    [InlineData(false, "http://10.0.0.1:4566")]
    [InlineData(true, null)]
    public void LogStreamsAreNamedAsEcsNamesThem(bool ours, string? endpoint)
    {
        var task = Build(r => r.ContainerDefinitions![0].LogConfiguration = new LogConfiguration
        {
            LogDriver = "awslogs", Options = new() { ["awslogs-group"] = "/web", ["awslogs-stream-prefix"] = "p" },
        }, ours: ours);
        var config = Host(task)["LogConfig"]!["Config"]!;
        Assert.Equal("p/main/0123456789abcdef0123456789abcdef", (string?)config["awslogs-stream"]);
        Assert.Equal("r1", (string?)config["awslogs-region"]);
        Assert.Null(config["awslogs-stream-prefix"]);
        Assert.Equal(endpoint, (string?)config["awslogs-endpoint"]);
    }

    [Theory]
    [InlineData("10.0.0.1:4566/web:1", "123456789012")]
    [InlineData("210987654321.dkr.ecr.r1.amazonaws.com/web:1", "210987654321")]
    [InlineData("docker.io/library/web:1", null)]
    [InlineData("web:1", null)]
    public void ImagesOfOurRegistryComeWithItsLogin(string image, string? registry)
    {
        var auth = Build(r => r.ContainerDefinitions![0].Image = image).Containers![0].RegistryAuthentication;
        Assert.Equal(registry, auth?.EcrAuthData?.RegistryId);
        Assert.Equal(registry is null ? null : "http://10.0.0.1:4566", auth?.EcrAuthData?.EndpointOverride);
    }

    [Fact]
    public void PortsAreAsTheModeSays()
    {
        List<PortMapping> ports = [new PortMapping { ContainerPort = 80 }, new PortMapping { ContainerPort = 81, HostPort = 8081, Protocol = "udp" }];
        var bridge = Build(r => r.ContainerDefinitions![0].PortMappings = ports).Containers![0].PortMappings!;
        Assert.Equal([(80, null, "tcp"), (81, (int?)8081, "udp")], bridge.Select(p => (p.ContainerPort!.Value, p.HostPort, p.Protocol!)));
        var host = Build(r =>
        {
            r.NetworkMode = "host";
            r.ContainerDefinitions![0].PortMappings = [new PortMapping { ContainerPort = 80 }];
        });
        Assert.Equal("host", host.NetworkMode);
        Assert.Equal(80, host.Containers![0].PortMappings![0].HostPort);
    }

    [Fact]
    public void RunTimeOverridesAreMergedExceptForNothing()
    {
        var task = Build(
            r => r.ContainerDefinitions![0].Environment = [new() { Name = "A", Value = "1" }],
            new TaskOverride
            {
                Cpu = "512", Memory = "256",
                ContainerOverrides =
                [
                    new ContainerOverride { Name = "main", Cpu = 7, Memory = 128, MemoryReservation = 100, Command = ["x"], Environment = [new KeyValuePair { Name = "A", Value = "2" }] },
                ],
            });
        var container = task.Containers![0];
        Assert.Equal((0.5, 256), (task.Cpu, task.Memory));
        Assert.Equal((7, 128, "2"), (container.Cpu, container.Memory, container.Environment!["A"]));
        Assert.Equal(["x"], container.Command);
        Assert.Equal(100L << 20, (long)Host(task)["MemoryReservation"]!);
    }

    [Fact]
    public void VolumesKeepTheirKind()
    {
        var task = Build(r =>
        {
            r.Volumes =
            [
                new Volume { Name = "scratch" }, new Volume { Name = "bind", Host = new HostVolumeProperties { SourcePath = "/srv" } },
                new Volume { Name = "kept", DockerVolumeConfiguration = new DockerVolumeConfiguration { Scope = "shared", Autoprovision = true } },
            ];
            r.ContainerDefinitions![0].MountPoints = [new MountPoint { SourceVolume = "kept", ContainerPath = "/data" }];
        });
        // A host volume without its object is a conversion error to the agent.
        Assert.NotNull(task.Volumes![0].Host);
        Assert.Equal("/srv", task.Volumes[1].Host!.SourcePath);
        Assert.Equal(("docker", "shared", true, "local"),
            (task.Volumes[2].Type, task.Volumes[2].DockerVolumeConfiguration!.Scope, task.Volumes[2].DockerVolumeConfiguration!.Autoprovision, task.Volumes[2].DockerVolumeConfiguration!.Driver));
    }

    [Fact]
    public void AShapeInADocumentComesBackWhole()
    {
        var kept = new TaskDefinition
        {
            Family = "web",
            RegisteredAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
            ContainerDefinitions =
            [
                new ContainerDefinition
                {
                    Name = "main", Essential = false, Command = ["a", "b"], DockerLabels = new() { ["k"] = "v", ["l"] = "" },
                    HealthCheck = new HealthCheck { Command = ["CMD"], Retries = 3 },
                    RestartPolicy = new ContainerRestartPolicy { Enabled = true, IgnoredExitCodes = [0, 7] },
                },
            ],
            Volumes = [],
        };
        var options = new JsonSerializerOptions { Converters = { new ShapeJson<TaskDefinition>() } };
        var json = JsonSerializer.Serialize(kept, options);
        var read = JsonSerializer.Deserialize<TaskDefinition>(json.Replace("\"family\"", "\"somethingNew\":{\"a\":[1]},\"family\"", StringComparison.Ordinal), options)!;
        Assert.Equal(json, JsonSerializer.Serialize(read, options));
        Assert.Equal(kept.RegisteredAt, read.RegisteredAt);
        Assert.Equal([0, 7], read.ContainerDefinitions![0].RestartPolicy!.IgnoredExitCodes!);
        Assert.Equal("v", read.ContainerDefinitions[0].DockerLabels!["k"]);
        Assert.Empty(read.Volumes!);
    }
}
