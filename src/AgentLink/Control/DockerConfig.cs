using System.Text.Json;
using System.Text.Json.Serialization;

namespace Longspan.AgentLink;

/// <summary>
/// Docker Engine API <c>Config</c> members that a server sends in <see cref="AgentDockerConfig.Config"/>. Set only what is meant:
/// whatever is written replaces the agent's own value, and <c>Env</c> is left out on purpose (it would replace the metadata and
/// credential variables too).
/// </summary>
public sealed record DockerConfig
{
    public string? User { get; init; }
    public string? WorkingDir { get; init; }
    public string? Hostname { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public bool? OpenStdin { get; init; }
    public bool? Tty { get; init; }
    public bool? NetworkDisabled { get; init; }
    public DockerHealthcheck? Healthcheck { get; init; }

    /// <summary>The JSON text, or null when nothing is set.</summary>
    public string? ToJsonText() => this == new DockerConfig() ? null : JsonSerializer.Serialize(this, DockerConfigJson.Default.DockerConfig);
}

/// <summary>Times in nanoseconds. <see cref="Test"/> as Docker takes it: <c>["CMD-SHELL", "…"]</c> or <c>["CMD", …]</c>.</summary>
public sealed record DockerHealthcheck
{
    public IReadOnlyList<string>? Test { get; init; }
    public long? Interval { get; init; }
    public long? Timeout { get; init; }
    public int? Retries { get; init; }
    public long? StartPeriod { get; init; }
}

/// <summary>Docker Engine API <c>HostConfig</c> members that a server sends in <see cref="AgentDockerConfig.HostConfig"/>.</summary>
public sealed record DockerHostConfig
{
    /// <summary>Must repeat the task's network mode.</summary>
    public string? NetworkMode { get; init; }
    /// <summary>Bytes.</summary>
    public long? MemoryReservation { get; init; }
    public long? MemorySwap { get; init; }
    public int? MemorySwappiness { get; init; }
    public bool? Privileged { get; init; }
    public bool? ReadonlyRootfs { get; init; }
    public bool? Init { get; init; }
    public long? ShmSize { get; init; }
    public IReadOnlyList<string>? Dns { get; init; }
    public IReadOnlyList<string>? DnsSearch { get; init; }
    public IReadOnlyList<string>? ExtraHosts { get; init; }
    public IReadOnlyList<string>? SecurityOpt { get; init; }
    public IReadOnlyList<DockerUlimit>? Ulimits { get; init; }
    public IReadOnlyDictionary<string, string>? Sysctls { get; init; }
    public DockerLogConfig? LogConfig { get; init; }
    public IReadOnlyList<string>? CapAdd { get; init; }
    public IReadOnlyList<string>? CapDrop { get; init; }
    public IReadOnlyList<DockerDevice>? Devices { get; init; }
    public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }

    public string? ToJsonText() =>
        this == new DockerHostConfig() ? null : JsonSerializer.Serialize(this, DockerConfigJson.Default.DockerHostConfig);
}

public sealed record DockerUlimit
{
    public string? Name { get; init; }
    public long Soft { get; init; }
    public long Hard { get; init; }
}

public sealed record DockerLogConfig
{
    public string? Type { get; init; }
    public IReadOnlyDictionary<string, string>? Config { get; init; }
}

public sealed record DockerDevice
{
    public string? PathOnHost { get; init; }
    public string? PathInContainer { get; init; }
    public string? CgroupPermissions { get; init; }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DockerConfig))]
[JsonSerializable(typeof(DockerHostConfig))]
public sealed partial class DockerConfigJson : JsonSerializerContext;
