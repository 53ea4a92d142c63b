using System.Text.Json.Nodes;

namespace Longspan.Node.Engines;

public sealed record EngineDescription(string Version, int CpuCount, long MemoryBytes, string Architecture)
{
    /// <summary>Log drivers that the engine has itself.</summary>
    public IReadOnlyList<string> LogDrivers { get; init; } = [];
    /// <summary>Kernel security modules that the engine applies: <c>apparmor</c>, <c>selinux</c>.</summary>
    public IReadOnlyList<string> SecurityModules { get; init; } = [];
    /// <summary><c>cgroupfs</c> or <c>systemd</c>.</summary>
    public string CgroupDriver { get; init; } = "";
}

public sealed record RegistryLogin(string ServerAddress, string User, string Password)
{
    public override string ToString() => $"{User} at {ServerAddress}";
}

/// <summary>A container to create. <see cref="Config"/> and <see cref="HostConfig"/> have the shape of the Docker Engine API.</summary>
public sealed record ContainerPlan
{
    public required string Name { get; init; }
    public required JsonObject Config { get; init; }
    public required JsonObject HostConfig { get; init; }
    /// <summary>The user-defined network to join with <see cref="Aliases"/> and <see cref="Links"/>; null for the engine's own modes.</summary>
    public string? Network { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    /// <summary><c>container:alias</c> pairs.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];

    public string Image => Config[nameof(Image)]?.GetValue<string>() ?? "";
}

public sealed record VolumePlan(
    string Name, string? Driver, IReadOnlyDictionary<string, string> DriverOpts, IReadOnlyDictionary<string, string> Labels);

/// <param name="Digest"><c>sha256:…</c> of the manifest when the image came from a registry.</param>
public sealed record ImageView(string Id, string? Digest);

public enum ContainerPhase
{
    Created, Running, Exited,
}

public enum HealthState
{
    /// <summary>The container has no health check.</summary>
    None,
    Starting, Healthy, Unhealthy,
}

public sealed record PortView(int ContainerPort, string Protocol, string HostIp, int HostPort);

public sealed record MountView(string? Name, string Source, string Destination);

public sealed record ContainerView
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required ContainerPhase Phase { get; init; }
    public string Image { get; init; } = "";
    public string ImageId { get; init; } = "";
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public int? ExitCode { get; init; }
    public bool OomKilled { get; init; }
    public string Error { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public HealthState Health { get; init; }
    public string? HealthOutput { get; init; }
    public IReadOnlyList<PortView> Ports { get; init; } = [];
    public string? NetworkName { get; init; }
    public string? IpAddress { get; init; }
    public string? MacAddress { get; init; }
    public IReadOnlyList<MountView> Mounts { get; init; } = [];
}

/// <summary>What a listing tells without looking at each container.</summary>
public sealed record ContainerListing(string Id, string Name, ContainerPhase Phase, IReadOnlyDictionary<string, string> Labels)
{
    public string? TaskArn => Labels.GetValueOrDefault(EngineLabels.TaskArn);
    public string? ContainerName => Labels.GetValueOrDefault(EngineLabels.ContainerName);
}

public enum EngineEventKind
{
    /// <summary>Something happened to one container.</summary>
    Changed,
    /// <summary>Events may have been missed: look at every container.</summary>
    Resync,
}

/// <summary>Names are empty for <see cref="EngineEventKind.Resync"/>.</summary>
public sealed record EngineEvent(EngineEventKind Kind, string TaskArn, string ContainerName);

public readonly record struct OutputLine(DateTimeOffset At, string Text);

/// <param name="CpuTime">Total of all cores since the start.</param>
/// <param name="MemoryBytes">Without page cache.</param>
public sealed record UsageReading(DateTimeOffset At, TimeSpan CpuTime, long MemoryBytes);

public sealed record NetworkView(string Name, string Id, string? Gateway, string? Subnet, string BridgeName);
