using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// What a definition that names FARGATE may not ask, in AWS's words: everything that reaches into the host, because that capacity belongs to
/// the platform. Fargate on AWS takes <c>awsvpc</c> only; here <c>bridge</c> is accepted as well.
/// </summary>
internal static class FargateRules
{
    public const int MostTimeoutSeconds = 120;

    public static void Check(RegisterTaskDefinitionRequest request, TaskSize size)
    {
        if (size.Cpu is null)
        {
            throw new ClientException("Fargate requires that 'cpu' be defined at the task level.");
        }
        if (size.Memory is null)
        {
            throw new ClientException("Fargate requires that 'memory' be defined at the task level.");
        }
        CheckSize(size.Cpu.Value, size.Memory.Value);
        if (request.NetworkMode is "host" or "none")
        {
            throw new ClientException("Fargate only supports network mode ‘awsvpc’.");
        }
        var refusal = request.PlacementConstraints is { Count: > 0 } ? "Fargate compatible task definitions do not support placement constraints"
            : request.ContainerDefinitions!.Select(c => (c, Refusal(c, request.Volumes ?? []))).Where(r => r.Item2 is not null)
                .Select(r => r.Item2).FirstOrDefault() ?? Refusal(request.PidMode, request.IpcMode, request.Volumes ?? [], request.EnableFaultInjection);
        if (refusal is not null)
        {
            throw new ClientException(refusal);
        }
        foreach (var container in request.ContainerDefinitions!)
        {
            if (container.StopTimeout > MostTimeoutSeconds || container.StartTimeout > MostTimeoutSeconds)
            {
                throw ContainerRules.Invalid(container.Name, $"'startTimeout' and 'stopTimeout' must not exceed {MostTimeoutSeconds} seconds on Fargate.");
            }
        }
    }

    public static void CheckSize(int cpu, int memory)
    {
        if (!TaskSizes.IsFargateSize(cpu, memory))
        {
            throw new ClientException(
                $"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values.");
        }
    }

    /// <summary>Whether a definition that names no launch type could run on Fargate.</summary>
    public static bool Suits(TaskDefinition definition) =>
        definition.PlacementConstraints is not { Count: > 0 }
        && Refusal(definition.PidMode, definition.IpcMode, definition.Volumes ?? [], definition.EnableFaultInjection) is null
        && (definition.ContainerDefinitions ?? []).All(c => Refusal(c, definition.Volumes ?? []) is null);

    private static string? Refusal(string? pidMode, string? ipcMode, IReadOnlyList<Volume> volumes, bool? faultInjection) =>
        pidMode == "host" ? "Fargate compatible task definitions do not support pidMode host"
        : ipcMode is not null ? "Fargate compatible task definitions do not support ipcMode"
        : volumes.Any(v => v.Host?.SourcePath is { Length: > 0 }) ? "Fargate compatible task definitions do not support sourcePath"
        // Beyond AWS, volumes of the engine's own making are accepted; by its options a driver could mount the host.
        : volumes.Any(v => v.DockerVolumeConfiguration is { } d && (d.DriverOpts is { Count: > 0 } || d.Driver is not (null or "local")))
            ? "Fargate compatible task definitions do not support dockerVolumeConfiguration with a driver other than local or with driverOpts"
        : faultInjection is true ? "'enableFaultInjection' is not supported on Fargate capacity: its nodes offer no fault injection" : null;

    private static string? Refusal(ContainerDefinition container, IReadOnlyList<Volume> volumes) =>
        container.Privileged is true ? "Fargate compatible task definitions do not support privileged containers"
        : container.LinuxParameters?.Devices is { Count: > 0 } ? "Fargate compatible task definitions do not support devices"
        : container.LinuxParameters?.Capabilities?.Add?.Any(c => c != "SYS_PTRACE") is true
            ? "Fargate compatible task definitions support adding no Linux capability except SYS_PTRACE"
        : container.DockerSecurityOptions is { Count: > 0 } ? "Fargate compatible task definitions do not support dockerSecurityOptions"
        : container.ResourceRequirements is { Count: > 0 } ? "Tasks using the Fargate launch type do not support GPU resource requirements."
        : container.LogConfiguration?.LogDriver is { } driver and not ("awslogs" or "json-file" or "none")
            ? $"Log driver '{driver}' is not supported on Fargate capacity: awslogs, json-file and none are" : null;
}
