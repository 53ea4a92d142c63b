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

    public static DockerHostConfig HostConfig(PayloadInput input, ContainerDefinition container, ContainerOverride? change, string mode)
    {
        var linux = container.LinuxParameters;
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
            SecurityOpt = Some(container.DockerSecurityOptions),
            Ulimits = container.Ulimits is { Count: > 0 } limits
                ? [.. limits.Select(u => new DockerUlimit { Name = u.Name, Soft = u.SoftLimit ?? 0, Hard = u.HardLimit ?? 0 })] : null,
            Sysctls = container.SystemControls is { Count: > 0 } controls
                ? controls.Where(c => c.Namespace is not null).ToDictionary(c => c.Namespace!, c => c.Value ?? "") : null,
            LogConfig = Logs(input, container),
            CapAdd = Some(linux?.Capabilities?.Add),
            CapDrop = Some(linux?.Capabilities?.Drop),
            Init = linux?.InitProcessEnabled is true ? true : null,
            ShmSize = linux?.SharedMemorySize * Mebibyte,
            MemorySwap = linux?.MaxSwap is { } swap && container.Memory is { } memory ? (swap + memory) * Mebibyte : null,
            MemorySwappiness = linux?.Swappiness,
            Devices = linux?.Devices is { Count: > 0 } devices
                ? [.. devices.Select(Device)] : null,
            Tmpfs = linux?.Tmpfs is { Count: > 0 } mounts
                ? mounts.ToDictionary(t => t.ContainerPath!, t => string.Join(',', [$"size={t.Size}m", .. t.MountOptions ?? []])) : null,
        };
    }

    private static DockerDevice Device(Device device) => new()
    {
        PathOnHost = device.HostPath,
        PathInContainer = device.ContainerPath ?? device.HostPath,
        CgroupPermissions = device.Permissions is { Count: > 0 } permissions ? string.Concat(permissions.Select(p => p[..1])) : "rwm",
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
