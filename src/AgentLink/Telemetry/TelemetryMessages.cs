namespace Longspan.AgentLink;

/// <summary>Container metrics, at most ten tasks a frame; frames of one publish share <c>messageId</c> and the last has <c>fin</c>.</summary>
public sealed record PublishMetricsRequest : AgentMessage
{
    public MetricsMetadata? Metadata { get; init; }
    public IReadOnlyList<TaskMetric>? TaskMetrics { get; init; }
    /// <summary>Epoch seconds with milliseconds, as all times on this socket.</summary>
    public double? Timestamp { get; init; }
}

public sealed record MetricsMetadata
{
    public string? Cluster { get; init; }
    public string? ContainerInstance { get; init; }
    public string? MessageId { get; init; }
    public bool? Idle { get; init; }
    public bool? Fin { get; init; }
}

public sealed record TaskMetric
{
    public string? TaskArn { get; init; }
    public string? TaskDefinitionFamily { get; init; }
    public string? TaskDefinitionVersion { get; init; }
    public IReadOnlyList<ContainerMetric>? ContainerMetrics { get; init; }
}

public sealed record ContainerMetric
{
    public string? ContainerName { get; init; }
    public string? ContainerArn { get; init; }
    /// <summary>Percent of the whole host.</summary>
    public StatsSet? CpuStatsSet { get; init; }
    /// <summary>MiB without page cache.</summary>
    public StatsSet? MemoryStatsSet { get; init; }
    public RestartStatsSet? RestartStatsSet { get; init; }
}

public sealed record StatsSet
{
    public double? Min { get; init; }
    public double? Max { get; init; }
    public double? Sum { get; init; }
    public int? SampleCount { get; init; }
}

public sealed record RestartStatsSet
{
    public long? RestartCount { get; init; }
}

/// <summary>Container health: the only place where it is reported.</summary>
public sealed record PublishHealthRequest : AgentMessage
{
    public HealthMetadata? Metadata { get; init; }
    public IReadOnlyList<TaskHealth>? Tasks { get; init; }
    public double? Timestamp { get; init; }
}

public sealed record HealthMetadata
{
    public string? Cluster { get; init; }
    public string? ContainerInstance { get; init; }
    public string? MessageId { get; init; }
    public bool? Fin { get; init; }
}

public sealed record TaskHealth
{
    public string? TaskArn { get; init; }
    public string? TaskDefinitionFamily { get; init; }
    public string? TaskDefinitionVersion { get; init; }
    public IReadOnlyList<ContainerHealth>? Containers { get; init; }
}

public sealed record ContainerHealth
{
    public string? ContainerName { get; init; }
    /// <summary><c>HEALTHY</c>, <c>UNHEALTHY</c> or <c>UNKNOWN</c>.</summary>
    public string? HealthStatus { get; init; }
    public double? StatusSince { get; init; }
    public string? StatusMessage { get; init; }
}

public sealed record PublishInstanceStatusRequest : AgentMessage
{
    public InstanceStatusMetadata? Metadata { get; init; }
    public IReadOnlyList<InstanceStatus>? Statuses { get; init; }
    public double? Timestamp { get; init; }
}

public sealed record InstanceStatusMetadata
{
    public string? Cluster { get; init; }
    public string? ContainerInstance { get; init; }
    public string? RequestId { get; init; }
}

public sealed record InstanceStatus
{
    public string? Type { get; init; }
    /// <summary><c>OK</c>, <c>IMPAIRED</c>, <c>INSUFFICIENT_DATA</c> or <c>INITIALIZING</c>.</summary>
    public string? Status { get; init; }
    public double? LastUpdated { get; init; }
    public double? LastStatusChange { get; init; }
}

public sealed record AckPublishMetric : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record AckPublishHealth : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record AckPublishInstanceStatus : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record StopTelemetrySessionMessage : AgentMessage
{
    public string? Message { get; init; }
}
