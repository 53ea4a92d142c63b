using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Checks a definition as AWS does at registration, and fills in what AWS fills in.</summary>
internal static class TaskDefinitionRules
{
    public const int MaximumContainers = 10;
    private static readonly string[] NetworkModes = ["bridge", "host", "awsvpc", "none"];

    /// <summary>The definition that is kept: the request with AWS's defaults made explicit.</summary>
    public static TaskDefinition Complete(RegisterTaskDefinitionRequest request)
    {
        Check(request);
        var compatibilities = request.RequiresCompatibilities ?? [];
        var definition = new TaskDefinition
        {
            Family = request.Family,
            ContainerDefinitions = request.ContainerDefinitions,
            TaskRoleArn = request.TaskRoleArn,
            ExecutionRoleArn = request.ExecutionRoleArn,
            NetworkMode = request.NetworkMode ?? (compatibilities.Contains(LaunchTypes.Fargate) ? "awsvpc" : null),
            Volumes = request.Volumes ?? [],
            PlacementConstraints = request.PlacementConstraints ?? [],
            RequiresCompatibilities = request.RequiresCompatibilities,
            Cpu = TaskSizes.Cpu(request.Cpu)?.ToString(),
            Memory = TaskSizes.Memory(request.Memory)?.ToString(),
            PidMode = request.PidMode,
            IpcMode = request.IpcMode,
            ProxyConfiguration = request.ProxyConfiguration,
            InferenceAccelerators = request.InferenceAccelerators,
            EphemeralStorage = request.EphemeralStorage,
            RuntimePlatform = request.RuntimePlatform,
            EnableFaultInjection = request.EnableFaultInjection,
        };
        foreach (var container in definition.ContainerDefinitions!)
        {
            CompleteContainer(container, definition.NetworkMode);
        }
        definition.RequiresAttributes = [.. RequiredAttributes(definition).Select(name => new EcsAttribute { Name = name })];
        definition.Compatibilities = Compatibilities(definition);
        return definition;
    }

    private static void CompleteContainer(ContainerDefinition container, string? networkMode)
    {
        container.Essential ??= true;
        container.Cpu ??= 0;
        container.Environment ??= [];
        container.MountPoints ??= [];
        container.VolumesFrom ??= [];
        container.PortMappings ??= [];
        container.SystemControls ??= [];
        foreach (var mapping in container.PortMappings)
        {
            mapping.Protocol ??= "tcp";
            if (networkMode is "awsvpc" or "host")
            {
                mapping.HostPort ??= mapping.ContainerPort;
            }
            else if (mapping.ContainerPort is not null)
            {
                mapping.HostPort ??= 0;
            }
        }
        if (container.HealthCheck is { } check)
        {
            check.Interval ??= 30;
            check.Timeout ??= 5;
            check.Retries ??= 3;
        }
    }

    private static void Check(RegisterTaskDefinitionRequest request)
    {
        if (request.Family is null || !EcsNames.Identifier().IsMatch(request.Family))
        {
            throw new ClientException("Family contains invalid characters.");
        }
        if (request.ContainerDefinitions is not { Count: > 0 } containers)
        {
            throw new ClientException("Container definitions can not be blank.");
        }
        if (containers.Count > MaximumContainers)
        {
            throw new ClientException($"Task definition has {containers.Count} containers; at most {MaximumContainers} are allowed.");
        }
        if (request.NetworkMode is { } mode && !NetworkModes.Contains(mode))
        {
            throw new ClientException($"Invalid network mode '{mode}'.");
        }
        foreach (var launch in request.RequiresCompatibilities ?? [])
        {
            if (!LaunchTypes.All.Contains(launch) && launch != "MANAGED_INSTANCES")
            {
                throw new InvalidParameterException($"Unknown launch type compatibility '{launch}'.");
            }
        }
        var cpu = TaskSizes.Cpu(request.Cpu);
        var memory = TaskSizes.Memory(request.Memory);
        foreach (var container in containers)
        {
            CheckContainer(container, request, memory);
        }
        if (containers.DistinctBy(c => c.Name, StringComparer.Ordinal).Count() < containers.Count)
        {
            throw new ClientException("Container names must be unique within a task definition.");
        }
        if (!containers.Any(c => c.Essential ?? true))
        {
            throw new ClientException("Invalid 'essential' setting for task definition. At least one container must be essential.");
        }
        if (request.RequiresCompatibilities?.Contains(LaunchTypes.Fargate) is true)
        {
            CheckFargate(request, cpu, memory);
        }
        if (request.RequiresCompatibilities?.Contains(LaunchTypes.External) is true && request.NetworkMode == "awsvpc")
        {
            throw new ClientException("The awsvpc network mode is not supported for the EXTERNAL launch type.");
        }
        CheckDependencies(containers);
        PlacementRules.Check(request.PlacementConstraints);
    }

    private static void CheckContainer(ContainerDefinition container, RegisterTaskDefinitionRequest request, int? taskMemory)
    {
        if (container.Name is null || !EcsNames.Identifier().IsMatch(container.Name))
        {
            throw new ClientException("Container name contains invalid characters.");
        }
        if (string.IsNullOrWhiteSpace(container.Image))
        {
            throw new ClientException($"Container.image should not be null or empty.");
        }
        if (taskMemory is null && container.Memory is null && container.MemoryReservation is null)
        {
            throw new ClientException(
                $"Invalid setting for container '{container.Name}'. At least one of 'memory' or 'memoryReservation' must be specified.");
        }
        if (container.Memory is < 6)
        {
            throw new ClientException($"Invalid 'memory' setting for container '{container.Name}': must be at least 6.");
        }
        if (container.Memory is { } hard && container.MemoryReservation is { } soft && soft > hard)
        {
            throw new ClientException(
                $"Invalid setting for container '{container.Name}'. The 'memory' setting must be greater than or equal to 'memoryReservation'.");
        }
        if (container.Memory > taskMemory)
        {
            throw new ClientException(
                $"Invalid setting for container '{container.Name}'. 'memory' exceeds the memory of the task.");
        }
        foreach (var mapping in container.PortMappings ?? [])
        {
            if (mapping.ContainerPort is < 1 or > 65535 || mapping.HostPort is < 0 or > 65535)
            {
                throw new ClientException($"Invalid port mapping for container '{container.Name}'.");
            }
            if (request.NetworkMode is "awsvpc" or "host" && mapping.HostPort is { } host && host != mapping.ContainerPort)
            {
                throw new ClientException(
                    $"When networkMode={request.NetworkMode}, the host ports and container ports in port mappings must match.");
            }
        }
        foreach (var mount in container.MountPoints ?? [])
        {
            if (mount.SourceVolume is { } volume && request.Volumes?.Any(v => v.Name == volume) is not true)
            {
                throw new ClientException($"Unknown volume '{volume}'.");
            }
        }
    }

    // Fargate on AWS takes awsvpc only. Here bridge is accepted as well: see README.md, differences.
    private static void CheckFargate(RegisterTaskDefinitionRequest request, int? cpu, int? memory)
    {
        if (cpu is null)
        {
            throw new ClientException("Fargate requires that 'cpu' be defined at the task level.");
        }
        if (memory is null)
        {
            throw new ClientException("Fargate requires that 'memory' be defined at the task level.");
        }
        if (!TaskSizes.IsFargateSize(cpu.Value, memory.Value))
        {
            throw new ClientException("No Fargate configuration exists for given values.");
        }
        if (request.NetworkMode is "host" or "none")
        {
            throw new ClientException("Fargate only supports network mode ‘awsvpc’.");
        }
    }

    private static void CheckDependencies(IReadOnlyList<ContainerDefinition> containers)
    {
        var byName = containers.ToDictionary(c => c.Name!, StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var container in containers)
        {
            Visit(container, []);
        }

        // The depth is bounded by the number of containers: a longer path has met one of them twice.
        void Visit(ContainerDefinition container, HashSet<string> path)
        {
            if (!path.Add(container.Name!))
            {
                throw new ClientException("Container dependency cycle detected.");
            }
            foreach (var dependency in done.Contains(container.Name!) ? [] : container.DependsOn ?? [])
            {
                if (dependency.ContainerName is not { } name || !byName.TryGetValue(name, out var other))
                {
                    throw new ClientException($"Container '{container.Name}' depends on unknown container '{dependency.ContainerName}'.");
                }
                if (dependency.Condition == "HEALTHY" && other.HealthCheck is null)
                {
                    throw new ClientException(
                        $"Container '{container.Name}' depends on container '{name}' being HEALTHY, which has no health check.");
                }
                Visit(other, path);
            }
            path.Remove(container.Name!);
            done.Add(container.Name!);
        }
    }

    /// <summary>The agent capabilities that the definition needs; placement asks every instance for them.</summary>
    public static IEnumerable<string> RequiredAttributes(TaskDefinition definition)
    {
        const string Prefix = "com.amazonaws.ecs.capability.";
        var names = new SortedSet<string>(StringComparer.Ordinal);
        if (definition.TaskRoleArn is not null)
        {
            names.Add(Prefix + "task-iam-role" + (definition.NetworkMode == "host" ? "-network-host" : ""));
        }
        if (definition.NetworkMode == "awsvpc")
        {
            names.Add("ecs.capability.task-eni");
        }
        foreach (var container in definition.ContainerDefinitions ?? [])
        {
            if (container.LogConfiguration?.LogDriver is { } driver)
            {
                names.Add(Prefix + "logging-driver." + driver);
            }
            if (container.Privileged is true)
            {
                names.Add(Prefix + "privileged-container");
            }
            if (container.HealthCheck is not null)
            {
                names.Add("ecs.capability.container-health-check");
            }
            if (container.DependsOn is { Count: > 0 })
            {
                names.Add("ecs.capability.container-ordering");
            }
            if (container.RestartPolicy?.Enabled is true)
            {
                names.Add("ecs.capability.container-restart-policy");
            }
            if (container.EnvironmentFiles is { Count: > 0 })
            {
                names.Add("ecs.capability.env-files.s3");
            }
            foreach (var secret in container.Secrets ?? [])
            {
                names.Add(secret.ValueFrom?.Contains(":secretsmanager:", StringComparison.Ordinal) is true
                    ? "ecs.capability.secrets.asm.environment-variables"
                    : "ecs.capability.secrets.ssm.environment-variables");
            }
        }
        return names;
    }

    private static List<string> Compatibilities(TaskDefinition definition)
    {
        var result = new List<string>();
        if (definition.NetworkMode != "awsvpc")
        {
            result.Add(LaunchTypes.External);
        }
        result.Add(LaunchTypes.Ec2);
        var sized = TaskSizes.Cpu(definition.Cpu) is { } cpu && TaskSizes.Memory(definition.Memory) is { } memory
            && TaskSizes.IsFargateSize(cpu, memory);
        if (sized && (definition.NetworkMode == "awsvpc" || definition.RequiresCompatibilities?.Contains(LaunchTypes.Fargate) is true))
        {
            result.Add(LaunchTypes.Fargate);
        }
        return result;
    }
}
