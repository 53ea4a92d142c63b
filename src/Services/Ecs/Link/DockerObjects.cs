using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// The parts of a container definition that travel as Docker Engine objects. Only what is meant is set: the agent lays these over its own
/// objects, so a stray zero would lift a limit.
/// </summary>
internal static class DockerObjects
{
    private const long Mebibyte = 1024 * 1024;
    private const long NanosecondsPerSecond = 1_000_000_000;

    public static DockerConfig Config(ContainerDefinition container) => new()
    {
        User = container.User,
        WorkingDir = container.WorkingDirectory,
        Hostname = container.Hostname,
        Labels = container.DockerLabels is { Count: > 0 } labels ? labels : null,
        OpenStdin = container.Interactive is true ? true : null,
        NetworkDisabled = container.DisableNetworking is true ? true : null,
        Tty = container.PseudoTerminal is true ? true : null,
        Healthcheck = container.HealthCheck is { } check
            ? new DockerHealthcheck
            {
                Test = check.Command,
                Interval = (check.Interval ?? 30) * NanosecondsPerSecond,
                Timeout = (check.Timeout ?? 5) * NanosecondsPerSecond,
                Retries = check.Retries ?? 3,
                StartPeriod = check.StartPeriod is { } start ? start * NanosecondsPerSecond : null,
            }
            : null,
    };

    public static DockerHostConfig HostConfig(PayloadInput input, ContainerDefinition container, ContainerOverride? change, string mode, int? taskMemory)
    {
        var linux = container.LinuxParameters;
        var memory = change?.Memory ?? container.Memory ?? taskMemory;
        return new DockerHostConfig
        {
            // awsvpc is no mode of Docker's: the node makes it of what it has.
            NetworkMode = mode == "awsvpc" ? null : mode,
            MemoryReservation = (change?.MemoryReservation ?? container.MemoryReservation) * Mebibyte,
            Privileged = container.Privileged is true ? true : null,
            ReadonlyRootfs = container.ReadonlyRootFilesystem is true ? true : null,
            Dns = Some(container.DnsServers),
            DnsSearch = Some(container.DnsSearchDomains),
            ExtraHosts = container.ExtraHosts is { Count: > 0 } hosts ? [.. hosts.Select(h => $"{h.Hostname}:{h.IpAddress}")] : null,
            SecurityOpt = container.DockerSecurityOptions is { Count: > 0 } options ? [.. options.Select(SecurityOption)] : null,
            Ulimits = container.Ulimits is { Count: > 0 } limits
                ? [.. limits.Select(u => new DockerUlimit { Name = u.Name, Soft = u.SoftLimit ?? 0, Hard = u.HardLimit ?? 0 })] : null,
            Sysctls = container.SystemControls is { Count: > 0 } controls
                ? controls.Where(c => c.Namespace is not null).ToDictionary(c => c.Namespace!, c => c.Value ?? "") : null,
            LogConfig = Logs(input, container),
            CapAdd = Some(linux?.Capabilities?.Add),
            CapDrop = Some(linux?.Capabilities?.Drop),
            Init = linux?.InitProcessEnabled is true ? true : null,
            ShmSize = linux?.SharedMemorySize * Mebibyte,
            // ECS counts swap beside the memory, Docker both together; without a bound for swap its eagerness is not looked at.
            MemorySwap = linux?.MaxSwap is { } swap && memory is > 0 ? (swap + memory.Value) * Mebibyte : null,
            MemorySwappiness = linux?.MaxSwap is null ? null : linux.Swappiness,
            Devices = linux?.Devices is { Count: > 0 } devices
                ? [.. devices.Select(Device)] : null,
            Tmpfs = linux?.Tmpfs is { Count: > 0 } mounts
                ? mounts.ToDictionary(t => t.ContainerPath!, t => string.Join(',', [$"size={t.Size}m", .. t.MountOptions ?? []])) : null,
        };
    }

    // ECS writes kind:value as old engines did; new ones take kind=value only.
    private static string SecurityOption(string option) =>
        option.IndexOf(':', StringComparison.Ordinal) is var colon && colon > 0 && option[..colon] is "apparmor" or "label" or "seccomp" or "no-new-privileges"
            ? $"{option[..colon]}={option[(colon + 1)..]}" : option;

    private static DockerDevice Device(Device device) => new()
    {
        PathOnHost = device.HostPath,
        PathInContainer = device.ContainerPath ?? device.HostPath,
        CgroupPermissions = device.Permissions is { Count: > 0 } permissions ? string.Concat(permissions.Select(p => p[0])) : "rwm",
    };

    private static List<string>? Some(List<string>? values) => values is { Count: > 0 } ? values : null;

    // Docker names awslogs streams after containers; ECS's prefix/container/task naming is ours to expand.
    private static DockerLogConfig? Logs(PayloadInput input, ContainerDefinition container)
    {
        if (container.LogConfiguration is not { LogDriver: { } driver } logs)
        {
            return null;
        }
        var options = new Dictionary<string, string>(logs.Options ?? [], StringComparer.Ordinal);
        if (driver == "awslogs")
        {
            if (options.Remove("awslogs-stream-prefix", out var prefix))
            {
                options["awslogs-stream"] = $"{prefix}/{container.Name}/{input.Task.Id}";
            }
            options.TryAdd("awslogs-region", input.Region);
            if (!input.IsLongspanNode)
            {
                options.TryAdd("awslogs-endpoint", input.Endpoint.GetLeftPart(UriPartial.Authority));
            }
        }
        return new DockerLogConfig { Type = driver, Config = options };
    }
}
