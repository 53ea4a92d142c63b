using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>What a definition may say, member by member, and what is told about it.</summary>
public sealed class DefinitionRuleTests
{
    private static RegisterTaskDefinitionRequest Request(Action<RegisterTaskDefinitionRequest, ContainerDefinition>? change = null)
    {
        var container = new ContainerDefinition { Name = "main", Image = "web:1", Memory = 64 };
        var request = new RegisterTaskDefinitionRequest { Family = "web", ContainerDefinitions = [container] };
        change?.Invoke(request, container);
        return request;
    }

    private static TaskDefinition Complete(Action<RegisterTaskDefinitionRequest, ContainerDefinition>? change = null) =>
        TaskDefinitionRules.Complete(Request(change));

    private static void Fargate(RegisterTaskDefinitionRequest r) =>
        (r.RequiresCompatibilities, r.Cpu, r.Memory, r.NetworkMode) = (["FARGATE"], "256", "512", "awsvpc");

    public static TheoryData<string, Action<RegisterTaskDefinitionRequest, ContainerDefinition>> Faults => new()
    {
        { "Container.name should not be null or empty.", (_, c) => c.Name = null },
        { "Container.image should not be null or empty.", (_, c) => c.Image = " " },
        { "Invalid 'memory' setting for container 'main': must be at least 6.", (_, c) => c.Memory = 5 },
        { "must be greater than or equal to 'memoryReservation'", (_, c) => c.MemoryReservation = 65 },
        { "The 'memory' setting for container is greater than for the task.", (r, _) => r.Memory = "32" },
        { "The 'cpu' setting for container is greater than for the task.", (r, c) => (r.Cpu, c.Cpu) = ("256", 257) },
        { "sum of the 'cpu' settings of the containers (300)", (r, c) => { (r.Cpu, c.Cpu) = ("256", 150); r.ContainerDefinitions!.Add(new() { Name = "b", Image = "b", Cpu = 150, Memory = 8 }); } },
        { "sum of the memory reserved by the containers (128)", (r, _) => { r.Memory = "100"; r.ContainerDefinitions!.Add(new() { Name = "b", Image = "b", Memory = 64 }); } },
        { "Invalid 'cpu' setting for task.", (r, _) => r.Cpu = "lots" },
        { "Invalid network mode 'nat'.", (r, _) => r.NetworkMode = "nat" },
        { "Invalid PID mode 'all'.", (r, _) => r.PidMode = "all" },
        { "Invalid IPC mode 'all'.", (r, _) => r.IpcMode = "all" },
        { "between 21 and 200 GiB", (r, _) => r.EphemeralStorage = new() { SizeInGiB = 20 } },
        { "Invalid cpuArchitecture 'RISCV'.", (r, _) => r.RuntimePlatform = new() { CpuArchitecture = "RISCV" } },
        { "operatingSystemFamily 'WINDOWS_SERVER_2022_CORE' is not supported", (r, _) => r.RuntimePlatform = new() { OperatingSystemFamily = "WINDOWS_SERVER_2022_CORE" } },
        { "'proxyConfiguration' is not supported", (r, _) => r.ProxyConfiguration = new() { ContainerName = "main" } },
        { "'inferenceAccelerators' are not supported", (r, _) => r.InferenceAccelerators = [new() { DeviceName = "a", DeviceType = "eia1" }] },
        { "Links are not supported when networkMode=awsvpc.", (r, c) => (r.NetworkMode, c.Links) = ("awsvpc", ["main"]) },
        { "hostname is not supported on container when networkMode=awsvpc.", (r, c) => (r.NetworkMode, c.Hostname) = ("awsvpc", "h") },
        { "extraHosts is not supported on container when networkMode=awsvpc.", (r, c) => (r.NetworkMode, c.ExtraHosts) = ("awsvpc", [new() { Hostname = "h", IpAddress = "10.0.0.1" }]) },
        { "'extraHosts' needs a hostname and an IP address", (_, c) => c.ExtraHosts = [new() { Hostname = "h", IpAddress = "there" }] },
        { "Port mappings are not supported when networkMode=none.", (r, c) => (r.NetworkMode, c.PortMappings) = ("none", [new() { ContainerPort = 80 }]) },
        { "When networkMode=awsvpc, the host ports and container ports in port mappings must match.", (r, c) => (r.NetworkMode, c.PortMappings) = ("awsvpc", [new() { ContainerPort = 80, HostPort = 81 }]) },
        { "Invalid port mapping for container 'main'.", (_, c) => c.PortMappings = [new() { ContainerPort = 65536 }] },
        { "must be tcp or udp, not 'sctp'", (_, c) => c.PortMappings = [new() { ContainerPort = 1, Protocol = "sctp" }] },
        { "cannot be combined with 'containerPort'", (_, c) => c.PortMappings = [new() { ContainerPort = 1, ContainerPortRange = "1-2" }] },
        { "'9-8' must be written FIRST-LAST", (_, c) => c.PortMappings = [new() { ContainerPortRange = "9-8" }] },
        { "containerPortRange is not supported when networkMode=host.", (r, c) => (r.NetworkMode, c.PortMappings) = ("host", [new() { ContainerPortRange = "8-9" }]) },
        { "The host port 80/tcp is mapped more than once.", (_, c) => c.PortMappings = [new() { ContainerPort = 1, HostPort = 80 }, new() { ContainerPort = 2, HostPort = 80 }] },
        { "The port mapping name 'web' is used more than once.", (_, c) => c.PortMappings = [new() { ContainerPort = 1, Name = "web" }, new() { ContainerPort = 2, Name = "web" }] },
        { "'appProtocol' must be http, http2 or grpc", (_, c) => c.PortMappings = [new() { ContainerPort = 1, AppProtocol = "smtp" }] },
        { "Unknown volume 'nope'.", (_, c) => c.MountPoints = [new() { SourceVolume = "nope", ContainerPath = "/x" }] },
        { "must be absolute", (r, c) => { r.Volumes = [new() { Name = "v" }]; c.MountPoints = [new() { SourceVolume = "v", ContainerPath = "x" }]; } },
        { "The volume name 'v' is used more than once.", (r, _) => r.Volumes = [new() { Name = "v" }, new() { Name = "v" }] },
        { "'efsVolumeConfiguration' is not supported", (r, _) => r.Volumes = [new() { Name = "v", EfsVolumeConfiguration = new() { FileSystemId = "fs-1" } }] },
        { "'configuredAtLaunch' is not supported", (r, _) => r.Volumes = [new() { Name = "v", ConfiguredAtLaunch = true }] },
        { "Only one of 'host' and 'dockerVolumeConfiguration'", (r, _) => r.Volumes = [new() { Name = "v", Host = new() { SourcePath = "/a" }, DockerVolumeConfiguration = new() }] },
        { "'autoprovision' can only be used with scope 'shared'", (r, _) => r.Volumes = [new() { Name = "v", DockerVolumeConfiguration = new() { Autoprovision = true } }] },
        { "depends on unknown container 'x'", (_, c) => c.DependsOn = [new() { ContainerName = "x", Condition = "START" }] },
        { "must be START, COMPLETE, SUCCESS or HEALTHY, not 'SOON'", (r, c) => { Side(r); c.DependsOn = [new() { ContainerName = "side", Condition = "SOON" }]; } },
        { "being HEALTHY, which has no health check", (r, c) => { Side(r); c.DependsOn = [new() { ContainerName = "side", Condition = "HEALTHY" }]; } },
        { "which is essential: its end would stop the task", (r, c) => { Side(r, true); c.DependsOn = [new() { ContainerName = "side", Condition = "SUCCESS" }]; } },
        { "Container dependency cycle detected.", (r, c) => { Side(r).VolumesFrom = [new() { SourceContainer = "main" }]; c.Links = ["side:db"]; } },
        { "'volumesFrom' names the unknown container 'x'", (_, c) => c.VolumesFrom = [new() { SourceContainer = "x" }] },
        { "'restartAttemptPeriod' must be between 60 and 1800 seconds.", (_, c) => c.RestartPolicy = new() { Enabled = true, RestartAttemptPeriod = 59 } },
        { "must not be negative", (_, c) => c.StopTimeout = -1 },
        { "must start with CMD or CMD-SHELL", (_, c) => c.HealthCheck = new() { Command = ["curl", "x"] } },
        { "'interval' of 'healthCheck' must be between 5 and 300.", (_, c) => c.HealthCheck = new() { Command = ["CMD", "x"], Interval = 4 } },
        { "'retries' of 'healthCheck' must be between 1 and 10.", (_, c) => c.HealthCheck = new() { Command = ["CMD", "x"], Retries = 11 } },
        { "'versionConsistency' must be", (_, c) => c.VersionConsistency = "maybe" },
        { "Log driver 'paper' is not valid.", (_, c) => c.LogConfiguration = new() { LogDriver = "paper" } },
        { "Log driver 'awsfirelens' is not supported", (_, c) => c.LogConfiguration = new() { LogDriver = "awsfirelens" } },
        { "Log driver awslogs requires options: awslogs-group", (_, c) => c.LogConfiguration = new() { LogDriver = "awslogs" } },
        { "'firelensConfiguration' is not supported", (_, c) => c.FirelensConfiguration = new() { Type = "fluentbit" } },
        { "'credentialSpecs' are not supported", (_, c) => c.CredentialSpecs = ["credentialspec:file://x"] },
        { "Resource requirement 'InferenceAccelerator' is not supported", (_, c) => c.ResourceRequirements = [new() { Type = "InferenceAccelerator", Value = "a" }] },
        { "must be a number from 1 to 64, not '0'", (_, c) => c.ResourceRequirements = [new() { Type = "GPU", Value = "0" }] },
        { "must be of type s3", (_, c) => c.EnvironmentFiles = [new() { Type = "s3", Value = "arn:aws:s3:::b/file.txt" }] },
        { "Unknown ulimit 'files'.", (_, c) => c.Ulimits = [new() { Name = "files", SoftLimit = 1, HardLimit = 1 }] },
        { "The soft limit of ulimit 'nofile'", (_, c) => c.Ulimits = [new() { Name = "nofile", SoftLimit = 2, HardLimit = 1 }] },
        { "'vm.swappiness' has no namespace of its own", (_, c) => c.SystemControls = [new() { Namespace = "vm.swappiness", Value = "1" }] },
        { "'net.core.somaxconn' is not supported when networkMode=host.", (r, c) => (r.NetworkMode, c.SystemControls) = ("host", [new() { Namespace = "net.core.somaxconn", Value = "1" }]) },
        { "'kernel.msgmax' is not supported when ipcMode=host.", (r, c) => (r.IpcMode, c.SystemControls) = ("host", [new() { Namespace = "kernel.msgmax", Value = "1" }]) },
        { "The security option 'trust-me' is not valid.", (_, c) => c.DockerSecurityOptions = ["trust-me"] },
        { "'swappiness' must be between 0 and 100.", (_, c) => c.LinuxParameters = new() { Swappiness = 101 } },
        { "The device 'dev/x'", (_, c) => c.LinuxParameters = new() { Devices = [new() { HostPath = "dev/x" }] } },
        { "Unknown mount option 'fast'.", (_, c) => c.LinuxParameters = new() { Tmpfs = [new() { ContainerPath = "/t", Size = 1, MountOptions = ["fast"] }] } },
        { "Max allowed length is '65536' bytes.", (_, c) => c.Environment = [new() { Name = "A", Value = new string('x', 65536) }] },
        { "Fargate requires that 'memory' be defined at the task level.", (r, _) => (r.RequiresCompatibilities, r.Cpu) = (["FARGATE"], "256") },
        { "No Fargate configuration exists for given values: 256 CPU, 4096 memory.", (r, _) => { Fargate(r); r.Memory = "4096"; } },
        { "Fargate only supports network mode", (r, _) => { Fargate(r); r.NetworkMode = "host"; } },
        { "do not support placement constraints", (r, _) => { Fargate(r); r.PlacementConstraints = [new() { Type = "memberOf", Expression = "attribute:a == b" }]; } },
        { "do not support privileged containers", (r, c) => { Fargate(r); c.Privileged = true; } },
        { "do not support sourcePath", (r, _) => { Fargate(r); r.Volumes = [new() { Name = "v", Host = new() { SourcePath = "/" } }]; } },
        { "do not support dockerVolumeConfiguration with", (r, _) => { Fargate(r); r.Volumes = [new() { Name = "v", DockerVolumeConfiguration = new() { DriverOpts = new() { ["o"] = "bind" } } }]; } },
        { "do not support devices", (r, c) => { Fargate(r); c.LinuxParameters = new() { Devices = [new() { HostPath = "/dev/x" }] }; } },
        { "except SYS_PTRACE", (r, c) => { Fargate(r); c.LinuxParameters = new() { Capabilities = new() { Add = ["SYS_ADMIN"] } }; } },
        { "do not support GPU resource requirements.", (r, c) => { Fargate(r); c.ResourceRequirements = [new() { Type = "GPU", Value = "1" }]; } },
        { "Log driver 'syslog' is not supported on Fargate capacity", (r, c) => { Fargate(r); c.LogConfiguration = new() { LogDriver = "syslog" }; } },
        { "you must also specify a value for 'executionRoleArn'.", (_, c) => c.Secrets = [new() { Name = "A", ValueFrom = "p" }] },
        { "you must also specify a value for 'executionRoleArn'.", (_, c) => c.LogConfiguration = new() { LogDriver = "splunk", SecretOptions = [new() { Name = "A", ValueFrom = "p" }] } },
        { "The Systems Manager parameter name specified for secret A is invalid.", (r, c) => (r.ExecutionRoleArn, c.Secrets) = (Role, [new() { Name = "A", ValueFrom = "secret:key::" }]) },
        { "The Systems Manager parameter name specified for secret A is invalid.", (r, c) => (r.ExecutionRoleArn, c.Secrets) = (Role, [new() { Name = "A", ValueFrom = "arn:aws:s3:::b/k" }]) },
        { "A secret needs 'name' and 'valueFrom'.", (r, c) => (r.ExecutionRoleArn, c.Secrets) = (Role, [new() { Name = "A" }]) },
        { "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'.", (r, c) => (r.ExecutionRoleArn, c.Secrets, c.Environment) = (Role, [new() { Name = "A", ValueFrom = "p" }], [new() { Name = "A", Value = "v" }]) },
        { "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'.", (r, c) => (r.ExecutionRoleArn, c.Secrets) = (Role, [new() { Name = "A", ValueFrom = "p" }, new() { Name = "A", ValueFrom = "q" }]) },
        { "must not exceed 120 seconds on Fargate", (r, c) => { Fargate(r); c.StopTimeout = 121; } },
    };

    private const string Role = "arn:aws:iam::123456789012:role/exec";

    private static ContainerDefinition Side(RegisterTaskDefinitionRequest request, bool essential = false)
    {
        var side = new ContainerDefinition { Name = "side", Image = "side:1", Memory = 32, Essential = essential };
        request.ContainerDefinitions!.Add(side);
        return side;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void FaultsAreNamed(string wording, Action<RegisterTaskDefinitionRequest, ContainerDefinition> change)
    {
        var refused = Assert.ThrowsAny<ClientException>(() => Complete(change));
        Assert.Contains(wording, refused.Message);
    }

    public static TheoryData<string, Action<RegisterTaskDefinitionRequest, ContainerDefinition>> Needs => new()
    {
        { "", (_, _) => { } },
        { "com.amazonaws.ecs.capability.docker-remote-api.1.17 com.amazonaws.ecs.capability.task-iam-role", (r, _) => r.TaskRoleArn = "arn:aws:iam::1:role/r" },
        { "com.amazonaws.ecs.capability.docker-remote-api.1.17 com.amazonaws.ecs.capability.task-iam-role-network-host", (r, _) => (r.TaskRoleArn, r.NetworkMode) = ("arn:aws:iam::1:role/r", "host") },
        { "com.amazonaws.ecs.capability.docker-remote-api.1.18 ecs.capability.task-eni", (r, _) => r.NetworkMode = "awsvpc" },
        { "ecs.capability.pid-ipc-namespace-sharing", (r, _) => r.PidMode = "task" },
        { "ecs.capability.fault-injection", (r, _) => r.EnableFaultInjection = true },
        { "ecs.capability.task-cpu-mem-limit", (r, _) => r.Memory = "512" },
        { "ecs.capability.docker-plugin.rexray.ebs", (r, _) => r.Volumes = [new() { Name = "v", DockerVolumeConfiguration = new() { Driver = "rexray:ebs" } }] },
        { "com.amazonaws.ecs.capability.privileged-container", (_, c) => c.Privileged = true },
        { "com.amazonaws.ecs.capability.docker-remote-api.1.21", (_, c) => c.MemoryReservation = 8 },
        { "com.amazonaws.ecs.capability.docker-remote-api.1.24 ecs.capability.container-health-check", (_, c) => c.HealthCheck = new() { Command = ["CMD", "x"] } },
        { "ecs.capability.container-restart-policy", (_, c) => c.RestartPolicy = new() { Enabled = true } },
        { "ecs.capability.env-files.s3", (_, c) => c.EnvironmentFiles = [new() { Type = "s3", Value = "arn:aws:s3:::b/f.env" }] },
        { "ecs.capability.network.container-port-range", (_, c) => c.PortMappings = [new() { ContainerPortRange = "8000-8009" }] },
        { "ecs.capability.private-registry-authentication.secretsmanager", (_, c) => c.RepositoryCredentials = new() { CredentialsParameter = "arn:x" } },
        { "com.amazonaws.ecs.capability.ecr-auth ecs.capability.execution-role-ecr-pull", (r, c) => (r.ExecutionRoleArn, c.Image) = ("arn:aws:iam::1:role/r", "1.dkr.ecr.r1.amazonaws.com/a") },
        { "com.amazonaws.ecs.capability.docker-remote-api.1.19 com.amazonaws.ecs.capability.logging-driver.awslogs", (_, c) => c.LogConfiguration = new() { LogDriver = "awslogs", Options = new() { ["awslogs-group"] = "g" } } },
        { "com.amazonaws.ecs.capability.docker-remote-api.1.18 com.amazonaws.ecs.capability.logging-driver.syslog", (_, c) => c.LogConfiguration = new() { LogDriver = "syslog" } },
        { "ecs.capability.secrets.asm.environment-variables ecs.capability.secrets.ssm.environment-variables", (r, c) => (r.ExecutionRoleArn, c.Secrets) = (Role, [new() { Name = "A", ValueFrom = "p" }, new() { Name = "B", ValueFrom = "arn:aws:secretsmanager:r1:1:secret:b" }]) },
        { "com.amazonaws.ecs.capability.apparmor", (_, c) => c.DockerSecurityOptions = ["apparmor:x", "no-new-privileges"] },
    };

    [Theory]
    [MemberData(nameof(Needs))]
    public void NeedsAreAttributes(string names, Action<RegisterTaskDefinitionRequest, ContainerDefinition> change) =>
        Assert.Equal(names, string.Join(' ', Complete(change).RequiresAttributes!.Select(a => a.Name)));

    [Fact]
    public void LaunchTypesAreDerived()
    {
        Assert.Equal(["EXTERNAL", "EC2"], Complete().Compatibilities!);
        Assert.Equal(["EXTERNAL", "EC2", "FARGATE"], Complete((r, _) => { Fargate(r); r.RequiresCompatibilities = null; }).Compatibilities!);
        Assert.Equal(["EXTERNAL", "EC2"], Complete((r, c) => { Fargate(r); (r.RequiresCompatibilities, c.Privileged) = (null, true); }).Compatibilities!);
    }

    [Fact]
    public void OverridesMustLeaveSomethingThatCouldHaveBeenRegistered()
    {
        var definition = new TaskDefinitionDocument
        {
            Family = "web", Revision = 1, Arn = "arn:t", RegisteredAt = default, Definition = Complete((r, _) => Fargate(r)),
        };
        TaskOverride Change(Action<ContainerOverride> change)
        {
            var container = new ContainerOverride { Name = "main" };
            change(container);
            return new TaskOverride { ContainerOverrides = [container] };
        }
        void Refused(string wording, TaskOverride overrides) => Assert.Contains(
            wording, Assert.ThrowsAny<Api.Shapes.AwsError>(() => OverrideRules.Check(definition, overrides)).Message);
        Refused("Override for container named nope is not a container in the TaskDefinition.", Change(c => c.Name = "nope"));
        Refused("The 'memory' setting for container is greater than for the task.", Change(c => c.Memory = 513));
        Refused("The 'cpu' setting for container is greater than for the task.", Change(c => c.Cpu = 257));
        Refused("must be greater than or equal to 'memoryReservation'", Change(c => c.MemoryReservation = 65));
        Refused("between 21 and 200", new TaskOverride { EphemeralStorage = new() { SizeInGiB = 201 } });
        Refused("length must be at most 8192", Change(c => c.Command = [new string('x', 8192)]));
        OverrideRules.Check(definition, Change(c => (c.Memory, c.Cpu) = (512, 256)));
        Assert.Contains("No Fargate configuration", Assert.Throws<ClientException>(
            () => OverrideRules.CheckFargate(definition, new TaskOverride { Memory = "8192" })).Message);
        Assert.Equal(["ecs.capability.env-files.s3"], OverrideRules.Attributes(Change(c => c.EnvironmentFiles = [new() { Type = "s3", Value = "arn:aws:s3:::b/f.env" }])));
    }
}
