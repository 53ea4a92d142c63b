using System.Text.Json;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What RunTask and StartTask may change of a definition: the result must be one that could have been registered.</summary>
internal static class OverrideRules
{
    public const int MaximumBytes = 8192;
    private static readonly JsonSerializerOptions s_stored = new() { Converters = { new ShapeJson<TaskOverride>() } };

    public static void Check(TaskDefinitionDocument definition, TaskOverride? overrides)
    {
        if (overrides is null)
        {
            return;
        }
        if (JsonSerializer.SerializeToUtf8Bytes(overrides, s_stored).Length > MaximumBytes)
        {
            throw new InvalidParameterException($"Container Overrides length must be at most {MaximumBytes}");
        }
        if (overrides.InferenceAcceleratorOverrides is { Count: > 0 })
        {
            throw new InvalidParameterException("'inferenceAcceleratorOverrides' are not supported: Amazon Elastic Inference is no longer available.");
        }
        TaskDefinitionRules.CheckEphemeralStorage(overrides.EphemeralStorage);
        var size = new TaskSize(
            TaskSizes.Cpu(overrides.Cpu) ?? TaskSizes.Cpu(definition.Definition.Cpu),
            TaskSizes.Memory(overrides.Memory) ?? TaskSizes.Memory(definition.Definition.Memory));
        foreach (var change in overrides.ContainerOverrides ?? [])
        {
            var container = definition.Containers.FirstOrDefault(c => c.Name == change.Name)
                ?? throw new InvalidParameterException($"Override for container named {change.Name} is not a container in the TaskDefinition.");
            ContainerRules.CheckMemory(change.Name, change.Memory ?? container.Memory, change.MemoryReservation ?? container.MemoryReservation, size.Memory);
            ContainerRules.CheckRequirements(change.Name, change.ResourceRequirements);
            ContainerRules.CheckEnvironmentFiles(change.Name, change.EnvironmentFiles);
            if (change.Cpu is < 0)
            {
                throw ContainerRules.Invalid(change.Name, "'cpu' must not be negative.");
            }
            if (change.Cpu > size.Cpu)
            {
                throw new ClientException("The 'cpu' setting for container is greater than for the task.");
            }
        }
    }

    /// <summary>What only the platform's own capacity refuses.</summary>
    public static void CheckFargate(TaskDefinitionDocument definition, TaskOverride? overrides)
    {
        if (overrides is null)
        {
            return;
        }
        if ((overrides.Cpu ?? overrides.Memory) is not null
            && (TaskSizes.Cpu(overrides.Cpu) ?? TaskSizes.Cpu(definition.Definition.Cpu)) is { } cpu
            && (TaskSizes.Memory(overrides.Memory) ?? TaskSizes.Memory(definition.Definition.Memory)) is { } memory)
        {
            FargateRules.CheckSize(cpu, memory);
        }
        if (overrides.ContainerOverrides?.Any(c => c.ResourceRequirements is { Count: > 0 }) is true)
        {
            throw new ClientException("Tasks using the Fargate launch type do not support GPU resource requirements.");
        }
    }

    /// <summary>Attributes that the overrides add to those of the definition.</summary>
    public static IEnumerable<string> Attributes(TaskOverride? overrides) =>
        overrides?.ContainerOverrides?.Any(c => c.EnvironmentFiles is { Count: > 0 }) is true ? [TaskRequirements.EnvironmentFiles] : [];
}
