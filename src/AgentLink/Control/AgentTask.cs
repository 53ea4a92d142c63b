using System.Text.Json.Serialization;

namespace Longspan.AgentLink;

/// <summary>
/// A task as the payload carries it. Units are the protocol's: <see cref="Cpu"/> in vCPU, <see cref="Memory"/> in MiB, container CPU in
/// shares (1024 per vCPU), container memory in MiB, host configuration memory in bytes, health check times in nanoseconds.
/// </summary>
public sealed record AgentTask
{
    public string? Arn { get; init; }
    /// <summary><c>RUNNING</c> or <c>STOPPED</c>. A stop needs nothing but this and the ARN.</summary>
    public string? DesiredStatus { get; init; }
    public string? Family { get; init; }
    public string? Version { get; init; }
    public string? TaskClusterArn { get; init; }
    public string? ServiceName { get; init; }
    public string? LaunchType { get; init; }
    public double? Cpu { get; init; }
    public long? Memory { get; init; }
    public string? NetworkMode { get; init; }
    public string? PidMode { get; init; }
    public string? IpcMode { get; init; }
    public string? Overrides { get; init; }
    public string? TaskDefinitionAccountId { get; init; }
    public IReadOnlyList<AgentContainer>? Containers { get; init; }
    public IReadOnlyList<AgentVolume>? Volumes { get; init; }
    public IAMRoleCredentials? RoleCredentials { get; init; }
    public IAMRoleCredentials? ExecutionRoleCredentials { get; init; }
    public IReadOnlyList<AgentAssociation>? Associations { get; init; }
    public IReadOnlyList<AgentAttachment>? Attachments { get; init; }
    public bool? EnableFaultInjection { get; init; }

    public const string Running = "RUNNING";
    public const string Stopped = "STOPPED";
}

public sealed record AgentContainer
{
    public string? Name { get; init; }
    public string? ContainerArn { get; init; }
    public string? Image { get; init; }
    public bool? Essential { get; init; }
    public int? Cpu { get; init; }
    public int? Memory { get; init; }
    public IReadOnlyList<string>? Command { get; init; }
    public IReadOnlyList<string>? EntryPoint { get; init; }
    public IReadOnlyDictionary<string, string>? Environment { get; init; }
    public IReadOnlyList<AgentEnvironmentFile>? EnvironmentFiles { get; init; }
    /// <summary>JSON text with <c>command</c> as its only key. An object in its place is read as its text.</summary>
    [JsonConverter(typeof(JsonTextConverter))]
    public string? Overrides { get; init; }
    public IReadOnlyList<AgentPortMapping>? PortMappings { get; init; }
    public IReadOnlyList<string>? Links { get; init; }
    public IReadOnlyList<AgentMountPoint>? MountPoints { get; init; }
    public IReadOnlyList<AgentVolumeFrom>? VolumesFrom { get; init; }
    public IReadOnlyList<AgentDependency>? DependsOn { get; init; }
    public int? StartTimeout { get; init; }
    public int? StopTimeout { get; init; }
    /// <summary><c>docker</c> when health is to be reported.</summary>
    public string? HealthCheckType { get; init; }
    /// <summary><c>ExecutionRole</c> when log delivery is to be signed with it.</summary>
    public string? LogsAuthStrategy { get; init; }
    public AgentRegistryAuthentication? RegistryAuthentication { get; init; }
    public IReadOnlyList<AgentSecret>? Secrets { get; init; }
    public AgentRestartPolicy? RestartPolicy { get; init; }
    public AgentFirelens? FirelensConfiguration { get; init; }
    public IReadOnlyList<AgentManagedAgent>? ManagedAgents { get; init; }
    public AgentDockerConfig? DockerConfig { get; init; }
}

/// <summary>
/// Everything of a container definition that has no member of its own, as Docker Engine API objects in JSON text. The agent builds its
/// own objects first and decodes these on top: scalars and arrays replace, maps merge. See <see cref="DockerConfig"/>.
/// </summary>
public sealed record AgentDockerConfig
{
    public string? Version { get; init; }
    public string? Config { get; init; }
    public string? HostConfig { get; init; }
}

public sealed record AgentEnvironmentFile
{
    public string? Value { get; init; }
    public string? Type { get; init; }
}

public sealed record AgentPortMapping
{
    public int? ContainerPort { get; init; }
    public int? HostPort { get; init; }
    public string? ContainerPortRange { get; init; }
    public string? Protocol { get; init; }
}

public sealed record AgentMountPoint
{
    public string? SourceVolume { get; init; }
    public string? ContainerPath { get; init; }
    public bool? ReadOnly { get; init; }
}

public sealed record AgentVolumeFrom
{
    public string? SourceContainer { get; init; }
    public bool? ReadOnly { get; init; }
}

public sealed record AgentDependency
{
    public string? ContainerName { get; init; }
    /// <summary><c>START</c>, <c>COMPLETE</c>, <c>SUCCESS</c> or <c>HEALTHY</c>.</summary>
    public string? Condition { get; init; }
}

public sealed record AgentRegistryAuthentication
{
    /// <summary><c>ecr</c> or <c>asm</c>.</summary>
    public string? Type { get; init; }
    public AgentEcrAuth? EcrAuthData { get; init; }
    public AgentAsmAuth? AsmAuthData { get; init; }
}

public sealed record AgentEcrAuth
{
    public string? RegistryId { get; init; }
    public string? Region { get; init; }
    public string? EndpointOverride { get; init; }
    public bool? UseExecutionRole { get; init; }
}

public sealed record AgentAsmAuth
{
    public string? CredentialsParameter { get; init; }
    public string? Region { get; init; }
}

public sealed record AgentSecret
{
    public string? Name { get; init; }
    public string? ValueFrom { get; init; }
    public string? Region { get; init; }
    public string? ContainerPath { get; init; }
    /// <summary><c>ENVIRONMENT_VARIABLE</c>, <c>MOUNT_POINT</c> or <c>BOOTSTRAP</c>.</summary>
    public string? Type { get; init; }
    /// <summary><c>ssm</c> or <c>asm</c>.</summary>
    public string? Provider { get; init; }
    /// <summary><c>CONTAINER</c> or <c>LOG_DRIVER</c>.</summary>
    public string? Target { get; init; }
}

public sealed record AgentRestartPolicy
{
    public bool? Enabled { get; init; }
    public IReadOnlyList<int>? IgnoredExitCodes { get; init; }
    public int? RestartAttemptPeriod { get; init; }
}

public sealed record AgentFirelens
{
    public string? Type { get; init; }
    public IReadOnlyDictionary<string, string>? Options { get; init; }
}

public sealed record AgentManagedAgent
{
    public string? Name { get; init; }
    public IReadOnlyDictionary<string, string>? Properties { get; init; }
}

public sealed record AgentAssociation
{
    public string? Name { get; init; }
    public string? Type { get; init; }
    public AgentAssociationContent? Content { get; init; }
    public IReadOnlyList<string>? Containers { get; init; }
}

public sealed record AgentAssociationContent
{
    public string? Value { get; init; }
    public string? Encoding { get; init; }
}

public sealed record AgentAttachment
{
    public string? AttachmentArn { get; init; }
    /// <summary>Never null towards other agents: it crashes them.</summary>
    public string? AttachmentType { get; init; }
    public string? AttachmentStatus { get; init; }
    public IReadOnlyList<AgentProperty>? AttachmentProperties { get; init; }
}

public sealed record AgentProperty
{
    public string? Name { get; init; }
    public string? Value { get; init; }
}

/// <summary>A volume; no <see cref="Type"/> means <c>host</c>, which requires <see cref="Host"/> (empty for a task-scoped volume).</summary>
public sealed record AgentVolume
{
    public string? Name { get; init; }
    public string? Type { get; init; }
    public AgentHostVolume? Host { get; init; }
    public AgentDockerVolume? DockerVolumeConfiguration { get; init; }
}

public sealed record AgentHostVolume
{
    public string? SourcePath { get; init; }
}

public sealed record AgentDockerVolume
{
    /// <summary><c>task</c> or <c>shared</c>.</summary>
    public string? Scope { get; init; }
    public bool? Autoprovision { get; init; }
    public string? Driver { get; init; }
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}
