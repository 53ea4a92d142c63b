using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Link;

/// <summary>What a payload needs beside the task: facts of the receiving node and the keys that were minted for it.</summary>
internal sealed record PayloadInput
{
    public required TaskDocument Task { get; init; }
    public required TaskDefinitionDocument Definition { get; init; }
    public required string ClusterArn { get; init; }
    public required string Region { get; init; }
    public required string AccountId { get; init; }
    public required Uri Endpoint { get; init; }
    public bool IsLongspanNode { get; init; }
    /// <summary>Ids of the node's GPUs that are the task's.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];
    public IAMRoleCredentials? RoleCredentials { get; init; }
    public IAMRoleCredentials? ExecutionRoleCredentials { get; init; }
}

/// <summary>
/// A task definition with its overrides as the agent's payload. Everything that the protocol has no member for goes into the Docker
/// objects; run-time overrides other than the command are merged here, because the agent refuses to know them.
/// </summary>
internal static class PayloadBuilder
{
    public static AgentTask Build(PayloadInput input)
    {
        var definition = input.Definition.Definition;
        var mode = NetworkModeOf(input);
        return new AgentTask
        {
            Arn = input.Task.Arn,
            DesiredStatus = AgentTask.Running,
            Family = input.Task.Family,
            Version = input.Task.Revision.ToString(),
            TaskClusterArn = input.ClusterArn,
            ServiceName = input.Task.ServiceName,
            // FARGATE would make the Amazon agent skip its resource accounting, and our own node needs no other name for it.
            LaunchType = input.Task.LaunchType == LaunchTypes.External ? LaunchTypes.External : LaunchTypes.Ec2,
            Cpu = TaskLevelCpu(input) is { } cpu ? cpu / 1024.0 : null,
            Memory = TaskLevelMemory(input),
            NetworkMode = mode,
            PidMode = definition.PidMode,
            IpcMode = definition.IpcMode,
            TaskDefinitionAccountId = input.AccountId,
            Containers = [.. input.Definition.Containers.Select(c => Container(input, c, mode))],
            Volumes = [.. (definition.Volumes ?? []).Select(Volume)],
            Associations = Gpus(input),
            EnableFaultInjection = definition.EnableFaultInjection is true ? true : null,
            RoleCredentials = input.RoleCredentials,
            ExecutionRoleCredentials = input.ExecutionRoleCredentials,
        };
    }

    // One association for each GPU, dealt out in the order of the containers.
    private static AgentAssociation[]? Gpus(PayloadInput input)
    {
        if (input.Gpus.Count == 0)
        {
            return null;
        }
        var owners = input.Definition.Containers.SelectMany(c => Enumerable.Repeat(c.Name!, TaskSizes.Gpus(c, input.Task.Overrides)));
        return [.. input.Gpus.Zip(owners, (gpu, owner) => new AgentAssociation
        {
            Name = gpu, Type = "gpu", Content = new AgentAssociationContent { Value = "", Encoding = "base64" }, Containers = [owner],
        })];
    }

    // Task-level sizes are sent only when the definition or the call set them: the agent makes a cgroup of them.
    private static int? TaskLevelCpu(PayloadInput input) =>
        TaskSizes.Cpu(input.Task.Overrides?.Cpu) ?? TaskSizes.Cpu(input.Definition.Definition.Cpu);

    private static int? TaskLevelMemory(PayloadInput input) =>
        TaskSizes.Memory(input.Task.Overrides?.Memory) ?? TaskSizes.Memory(input.Definition.Definition.Memory);

    // Our node gives an awsvpc task one address on its network. The Amazon agent would want an elastic interface, so it gets a bridge.
    private static string NetworkModeOf(PayloadInput input) => input.Definition.Definition.NetworkMode switch
    {
        "awsvpc" when input.IsLongspanNode => "awsvpc",
        null or "awsvpc" or "bridge" => "bridge",
        var mode => mode,
    };

    private static AgentContainer Container(PayloadInput input, ContainerDefinition container, string mode)
    {
        var change = input.Task.Overrides?.ContainerOverrides?.FirstOrDefault(o => o.Name == container.Name);
        var record = input.Task.Containers.FirstOrDefault(c => c.Name == container.Name);
        return new AgentContainer
        {
            Name = container.Name,
            ContainerArn = record?.Arn,
            Image = ImagePins.Reference(container.Image!, record?.PinnedDigest),
            Essential = container.Essential ?? true,
            Cpu = change?.Cpu ?? container.Cpu ?? 0,
            Memory = change?.Memory ?? container.Memory ?? TaskLevelMemory(input) ?? 0,
            Command = change?.Command ?? container.Command,
            EntryPoint = container.EntryPoint is { Count: > 0 } ? container.EntryPoint : null,
            Environment = Environment(input, container, change),
            EnvironmentFiles = (change?.EnvironmentFiles ?? container.EnvironmentFiles) is { Count: > 0 } files
                ? [.. files.Select(f => new AgentEnvironmentFile { Value = f.Value, Type = f.Type })] : null,
            PortMappings = Ports(input, container),
            Links = container.Links is { Count: > 0 } ? container.Links : null,
            MountPoints = Mounts(container),
            VolumesFrom = [.. (container.VolumesFrom ?? []).Select(v => new AgentVolumeFrom { SourceContainer = v.SourceContainer, ReadOnly = v.ReadOnly ?? false })],
            DependsOn = [.. (container.DependsOn ?? []).Select(d => new AgentDependency { ContainerName = d.ContainerName, Condition = d.Condition })],
            StartTimeout = container.StartTimeout,
            StopTimeout = container.StopTimeout,
            HealthCheckType = container.HealthCheck is null ? null : "docker",
            LogsAuthStrategy = input.ExecutionRoleCredentials is not null && container.LogConfiguration?.LogDriver == "awslogs" ? "ExecutionRole" : null,
            RegistryAuthentication = Registry(input, container),
            Secrets = Secrets(input, container),
            RestartPolicy = container.RestartPolicy is { Enabled: true } policy
                ? new AgentRestartPolicy
                {
                    Enabled = true, IgnoredExitCodes = policy.IgnoredExitCodes, RestartAttemptPeriod = policy.RestartAttemptPeriod ?? 300,
                }
                : null,
            DockerConfig = new AgentDockerConfig
            {
                Config = DockerObjects.Config(container).ToJsonText(),
                HostConfig = DockerObjects.HostConfig(input, container, change, mode, TaskLevelMemory(input)).ToJsonText(),
            },
        };
    }

    private static AgentMountPoint[] Mounts(ContainerDefinition container) =>
    [
        .. (container.MountPoints ?? []).Select(m => new AgentMountPoint
        {
            SourceVolume = m.SourceVolume, ContainerPath = m.ContainerPath, ReadOnly = m.ReadOnly ?? false,
        }),
    ];

    // Agents fetch the values themselves, with the execution role: what travels is only where they are.
    private static AgentSecret[]? Secrets(PayloadInput input, ContainerDefinition container)
    {
        var own = (container.Secrets ?? []).Select(s => (Secret: s, Target: "CONTAINER"));
        var ofLog = (container.LogConfiguration?.SecretOptions ?? []).Select(s => (Secret: s, Target: "LOG_DRIVER"));
        AgentSecret[] all =
        [
            .. own.Concat(ofLog).Select(s => new AgentSecret
            {
                Name = s.Secret.Name, ValueFrom = SecretRules.Reference(s.Secret, input.AccountId), Target = s.Target, Provider = TaskRequirements.SourceOf(s.Secret),
                Type = s.Target == "CONTAINER" ? "ENVIRONMENT_VARIABLE" : "BOOTSTRAP",
                Region = Kernel.Arn.TryParse(s.Secret.ValueFrom, out var arn) && arn.Region.Length > 0 ? arn.Region : input.Region,
            }),
        ];
        return all.Length == 0 ? null : all;
    }

    private static Dictionary<string, string> Environment(PayloadInput input, ContainerDefinition container, ContainerOverride? change)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AWS_EXECUTION_ENV"] = "AWS_ECS_" + input.Task.LaunchType,
        };
        if (input.Task.LaunchType == LaunchTypes.Fargate)
        {
            result["AWS_REGION"] = input.Region;
            result["AWS_DEFAULT_REGION"] = input.Region;
        }
        foreach (var pair in (container.Environment ?? []).Concat(change?.Environment ?? []))
        {
            if (!string.IsNullOrEmpty(pair.Name))
            {
                result[pair.Name] = pair.Value ?? "";
            }
        }
        return result;
    }

    // A task with an address of its own publishes nothing on its host, as on Fargate; our node knows that, the Amazon agent must be told.
    private static AgentPortMapping[]? Ports(PayloadInput input, ContainerDefinition container) =>
        (input.Definition.IsAwsvpc && !input.IsLongspanNode) || container.PortMappings is not { Count: > 0 } mappings
            ? null
            :
            [
                .. mappings.Select(p => new AgentPortMapping
                {
                    ContainerPort = p.ContainerPort, HostPort = p.HostPort is 0 ? null : p.HostPort,
                    ContainerPortRange = p.ContainerPortRange, Protocol = p.Protocol ?? "tcp",
                }),
            ];

    private static AgentRegistryAuthentication? Registry(PayloadInput input, ContainerDefinition container)
    {
        if (container.RepositoryCredentials?.CredentialsParameter is { } parameter)
        {
            return new AgentRegistryAuthentication
            {
                Type = "asm", AsmAuthData = new AgentAsmAuth { CredentialsParameter = parameter, Region = input.Region },
            };
        }
        var slash = container.Image!.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? "" : container.Image[..slash];
        var ours = host.Contains(".dkr.ecr.", StringComparison.Ordinal)
            || string.Equals(host, input.Endpoint.Authority, StringComparison.OrdinalIgnoreCase);
        return !ours ? null : new AgentRegistryAuthentication
        {
            Type = "ecr",
            EcrAuthData = new AgentEcrAuth
            {
                RegistryId = host.Length > 12 && host[..12].All(char.IsAsciiDigit) ? host[..12] : input.AccountId,
                Region = input.Region,
                EndpointOverride = input.Endpoint.GetLeftPart(UriPartial.Authority),
                UseExecutionRole = input.ExecutionRoleCredentials is not null,
            },
        };
    }

    private static AgentVolume Volume(Volume volume) => volume.DockerVolumeConfiguration is { } docker
        ? new AgentVolume
        {
            Name = volume.Name,
            Type = "docker",
            DockerVolumeConfiguration = new AgentDockerVolume
            {
                Scope = docker.Scope ?? "task", Autoprovision = docker.Autoprovision ?? false, Driver = docker.Driver ?? "local",
                DriverOpts = docker.DriverOpts, Labels = docker.Labels,
            },
        }
        : new AgentVolume { Name = volume.Name, Type = "host", Host = new AgentHostVolume { SourcePath = volume.Host?.SourcePath } };
}
