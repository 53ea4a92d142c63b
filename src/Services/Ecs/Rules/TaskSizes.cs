using System.Globalization;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What a task takes of a node. CPU is in units of 1/1024 core, memory in MiB.</summary>
internal sealed record TaskDemand(int CpuUnits, int MemoryMib, IReadOnlyList<int> TcpPorts, IReadOnlyList<int> UdpPorts, int Gpus = 0);

/// <summary>Sizes as callers write them (<c>256</c>, <c>.25 vCPU</c>, <c>512</c>, <c>1 GB</c>) and what they add up to.</summary>
internal static class TaskSizes
{
    private static readonly Dictionary<int, (int From, int To, int Step)> Fargate = new()
    {
        [512] = (1024, 4096, 1024), [1024] = (2048, 8192, 1024), [2048] = (4096, 16384, 1024), [4096] = (8192, 30720, 1024),
        [8192] = (16384, 61440, 4096), [16384] = (32768, 122880, 8192),
    };

    public static int? Cpu(string? text) => Parse(text, "vcpu", 1024, "cpu");

    public static int? Memory(string? text) => Parse(text, "gb", 1024, "memory");

    private static int? Parse(string? text, string unit, int factor, string member)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }
        var number = text.Trim();
        var scale = 1m;
        if (number.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
        {
            number = number[..^unit.Length].TrimEnd();
            scale = factor;
        }
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || value <= 0 || value > 1_000_000)
        {
            throw new ClientException($"Invalid '{member}' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.");
        }
        return (int)(value * scale);
    }

    /// <summary>Whether Fargate offers this pair.</summary>
    public static bool IsFargateSize(int cpu, int memory) =>
        cpu == 256
            ? memory is 512 or 1024 or 2048
            : Fargate.TryGetValue(cpu, out var range)
              && memory >= range.From && memory <= range.To && (memory - range.From) % range.Step == 0;

    /// <summary>What the agent's own accounting will charge: its queue blocks behind a task that it finds too large.</summary>
    public static TaskDemand Demand(TaskDefinitionDocument definition, TaskOverride? overrides)
    {
        int cpu = 0, memory = 0;
        foreach (var container in definition.Containers)
        {
            var change = overrides?.ContainerOverrides?.FirstOrDefault(o => o.Name == container.Name);
            cpu += change?.Cpu ?? container.Cpu ?? 0;
            memory += change?.MemoryReservation ?? change?.Memory ?? container.MemoryReservation ?? container.Memory ?? 0;
        }
        var tcp = new List<int>();
        var udp = new List<int>();
        foreach (var mapping in definition.IsAwsvpc ? [] : definition.Containers.SelectMany(c => c.PortMappings ?? []))
        {
            // In host mode the container listens on the host's own port.
            var port = definition.Definition.NetworkMode == "host" ? mapping.ContainerPort : mapping.HostPort;
            if (port is > 0)
            {
                (mapping.Protocol == "udp" ? udp : tcp).Add(port.Value);
            }
        }
        return new TaskDemand(
            Cpu(overrides?.Cpu) ?? Cpu(definition.Definition.Cpu) ?? cpu,
            Memory(overrides?.Memory) ?? Memory(definition.Definition.Memory) ?? memory, tcp, udp,
            definition.Containers.Sum(c => Gpus(c, overrides)));
    }

    /// <summary>How many GPUs the container asks for; an override's wish takes the place of the definition's.</summary>
    public static int Gpus(ContainerDefinition container, TaskOverride? overrides)
    {
        var wish = overrides?.ContainerOverrides?.FirstOrDefault(o => o.Name == container.Name)?.ResourceRequirements ?? container.ResourceRequirements;
        return wish is null ? 0 : wish.Where(r => r.Type == "GPU").Sum(r => int.TryParse(r.Value, CultureInfo.InvariantCulture, out var count) ? count : 0);
    }
}
