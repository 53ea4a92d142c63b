using System.Text.Json;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// Checks a definition as AWS does at registration, and fills in what AWS fills in. Whatever passes is kept, returned as it was given and
/// done; what no node of ours can do, nor Amazon's agent by its payload, is refused here with the reason. What only some nodes can do is a
/// required attribute (<see cref="TaskRequirements"/>). <c>docs/services/ecs-task-definitions.md</c> lists every member.
/// </summary>
internal static class TaskDefinitionRules
{
    public const int MaximumContainers = 10;
    public const int MaximumBytes = 64 * 1024;
    public const int LeastEphemeralGib = 21;
    public const int MostEphemeralGib = 200;
    private static readonly string[] NetworkModes = ["bridge", "host", "awsvpc", "none"];
    private static readonly JsonSerializerOptions s_stored = new() { Converters = { new ShapeJson<TaskDefinition>() } };

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
            ContainerRules.Complete(container, definition.NetworkMode);
        }
        foreach (var volume in definition.Volumes)
        {
            volume.Host ??= volume.DockerVolumeConfiguration is null ? new HostVolumeProperties() : null;
        }
        definition.RequiresAttributes = [.. TaskRequirements.Attributes(definition).Select(name => new EcsAttribute { Name = name })];
        definition.Compatibilities = TaskRequirements.Compatibilities(definition);
        var length = JsonSerializer.SerializeToUtf8Bytes(definition, s_stored).Length;
        return length <= MaximumBytes
            ? definition : throw new ClientException($"Actual length: '{length}'. Max allowed length is '{MaximumBytes}' bytes.");
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
        CheckModes(request);
        CheckRefused(request);
        var size = new TaskSize(TaskSizes.Cpu(request.Cpu), TaskSizes.Memory(request.Memory));
        VolumeRules.Check(request.Volumes);
        foreach (var container in containers)
        {
            ContainerRules.Check(container, request, size);
        }
        if (containers.DistinctBy(c => c.Name, StringComparer.Ordinal).Count() < containers.Count)
        {
            throw new ClientException("Container names must be unique within a task definition.");
        }
        if (!containers.Any(c => c.Essential ?? true))
        {
            throw new ClientException("Invalid 'essential' setting for task definition. At least one container must be essential.");
        }
        CheckSums(containers, size);
        PortRules.CheckTogether(containers, request.NetworkMode);
        if (request.RequiresCompatibilities?.Contains(LaunchTypes.Fargate) is true)
        {
            FargateRules.Check(request, size);
        }
        DependencyRules.Check(containers);
        PlacementRules.Check(request.PlacementConstraints);
    }

    private static void CheckModes(RegisterTaskDefinitionRequest request)
    {
        if (request.NetworkMode is { } mode && !NetworkModes.Contains(mode))
        {
            throw new ClientException($"Invalid network mode '{mode}'.");
        }
        if (request.PidMode is { } pid and not ("host" or "task"))
        {
            throw new ClientException($"Invalid PID mode '{pid}'.");
        }
        if (request.IpcMode is { } ipc and not ("host" or "task" or "none"))
        {
            throw new ClientException($"Invalid IPC mode '{ipc}'.");
        }
        foreach (var launch in request.RequiresCompatibilities ?? [])
        {
            if (!LaunchTypes.All.Contains(launch) && launch != "MANAGED_INSTANCES")
            {
                throw new InvalidParameterException($"Unknown launch type compatibility '{launch}'.");
            }
        }
        if (request.RuntimePlatform?.CpuArchitecture is { } architecture and not ("X86_64" or "ARM64"))
        {
            throw new ClientException($"Invalid cpuArchitecture '{architecture}'.");
        }
        CheckEphemeralStorage(request.EphemeralStorage);
    }

    public static void CheckEphemeralStorage(EphemeralStorage? storage)
    {
        if (storage is { SizeInGiB: not (>= LeastEphemeralGib and <= MostEphemeralGib) })
        {
            throw new ClientException(
                $"Ephemeral storage size {storage.SizeInGiB} GiB is out of range. It must be between {LeastEphemeralGib} and {MostEphemeralGib} GiB.");
        }
    }

    // What nothing that can join a cluster here could run. Better said now than by a task that behaves otherwise than asked.
    private static void CheckRefused(RegisterTaskDefinitionRequest request)
    {
        var refused = request.ProxyConfiguration is not null ? "'proxyConfiguration' is not supported: there is no App Mesh proxy."
            : request.InferenceAccelerators is { Count: > 0 }
                ? "'inferenceAccelerators' are not supported: Amazon Elastic Inference is no longer available."
            : request.RuntimePlatform?.OperatingSystemFamily is { } family and not "LINUX"
                ? $"operatingSystemFamily '{family}' is not supported: nodes run Linux containers." : null;
        if (refused is not null)
        {
            throw new ClientException(refused);
        }
    }

    /// <summary>All containers together must fit into what the task is given.</summary>
    private static void CheckSums(IReadOnlyList<ContainerDefinition> containers, TaskSize size)
    {
        var cpu = containers.Sum(c => (long)(c.Cpu ?? 0));
        if (cpu > size.Cpu)
        {
            throw new ClientException($"The sum of the 'cpu' settings of the containers ({cpu}) is greater than the 'cpu' of the task ({size.Cpu}).");
        }
        var memory = containers.Sum(c => (long)(c.MemoryReservation ?? c.Memory ?? 0));
        if (memory > size.Memory)
        {
            throw new ClientException(
                $"The sum of the memory reserved by the containers ({memory}) is greater than the 'memory' of the task ({size.Memory}).");
        }
    }
}

/// <summary>Task-level sizes; null where none is set.</summary>
internal readonly record struct TaskSize(int? Cpu, int? Memory);
