using System.Text.Json.Serialization;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// A task, kept by id in <c>account/region/cluster</c>. Its status only moves forward (<see cref="Rules.TaskStatus"/>), whatever order
/// reports arrive in.
/// </summary>
internal sealed record TaskDocument
{
    public required string Id { get; init; }
    public required string Arn { get; init; }
    public required string ClusterName { get; init; }
    public required string Family { get; init; }
    public required int Revision { get; init; }
    public required string TaskDefinitionArn { get; init; }
    public required string LaunchType { get; init; }
    /// <summary>The capacity provider that a strategy chose; null for a task of a launch type.</summary>
    public string? CapacityProvider { get; init; }
    public string? PlatformVersion { get; init; }
    public string? Group { get; init; }
    public string? StartedBy { get; init; }
    public string? ServiceName { get; init; }
    public string? DeploymentId { get; init; }
    public required string InstanceId { get; init; }
    public required string InstanceArn { get; init; }
    public string AvailabilityZone { get; init; } = "";
    public string? Cpu { get; init; }
    public string? Memory { get; init; }
    public required string LastStatus { get; init; }
    public required string DesiredStatus { get; init; }
    public string HealthStatus { get; init; } = "UNKNOWN";
    /// <summary>Whether an essential container declares a health check, which decides what "healthy" means for this task.</summary>
    public bool HasHealthCheck { get; init; }
    public IReadOnlyList<ContainerRecord> Containers { get; init; } = [];
    public bool EnableExecuteCommand { get; init; }
    [JsonConverter(typeof(ShapeJson<TaskOverride>))]
    public TaskOverride? Overrides { get; init; }
    [JsonConverter(typeof(ShapeListJson<Attachment>))]
    public IReadOnlyList<Attachment> Attachments { get; init; } = [];
    /// <summary>The task's own address in awsvpc mode, once its node has given it one.</summary>
    public string? PrivateAddress { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;
    public long Version { get; init; } = 1;

    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? PullStartedAt { get; init; }
    public DateTimeOffset? PullStoppedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? StoppingAt { get; init; }
    public DateTimeOffset? ExecutionStoppedAt { get; init; }
    public DateTimeOffset? StoppedAt { get; init; }
    public string? StopCode { get; init; }
    public string? StoppedReason { get; init; }
    public DateTimeOffset? ConnectivityAt { get; init; }

    /// <summary>Its node was away for too long: it counts for nothing and is replaced, until its node is back.</summary>
    public DateTimeOffset? LostAt { get; init; }
    /// <summary>When its node last showed it running, after it was lost.</summary>
    public DateTimeOffset? ShownAt { get; init; }

    /// <summary>Until then neither scale-in nor a deployment stops it.</summary>
    public DateTimeOffset? ProtectedUntil { get; init; }

    /// <summary>A stopped service task is counted by its service once, in the commit that sets this.</summary>
    public bool Accounted { get; init; }

    /// <summary>It was declared stopped without its node having said so: the node may still run it, and may come back.</summary>
    public bool Unconfirmed { get; init; }

    /// <summary>How to place a task that waits for capacity. A service's tasks have none: their service says it.</summary>
    public WaitingRecord? Waiting { get; init; }

    /// <summary>From the mirror, without containers, overrides, attachments and tags: for looking at only. The store refuses to write it.</summary>
    [JsonIgnore]
    public bool IsAbridged { get; init; }

    [JsonIgnore]
    public bool IsAwsvpc => Attachments.Count > 0;
    [JsonIgnore]
    public bool IsStopped => LastStatus == Rules.TaskStatus.Stopped;
    /// <summary>It waits for capacity: no instance has it, and <see cref="InstanceId"/> is empty.</summary>
    [JsonIgnore]
    public bool IsWaiting => LastStatus == Rules.TaskStatus.Provisioning && InstanceId.Length == 0;
    [JsonIgnore]
    public bool WantsRunning => DesiredStatus == Rules.TaskStatus.Running;
    [JsonIgnore]
    public bool IsRunning => LastStatus == Rules.TaskStatus.Running;
    /// <summary>Counts as healthy: running, and with a health check also reported HEALTHY.</summary>
    [JsonIgnore]
    public bool IsHealthy => IsRunning && WantsRunning && (!HasHealthCheck || HealthStatus == "HEALTHY");

    /// <summary>Only what a service started is ever scaled in.</summary>
    [JsonIgnore]
    public bool MayBeProtected => ServiceName is not null && !IsStopped;

    public bool IsProtected(DateTimeOffset now) => ProtectedUntil > now;

    public TaskDocument WithProtection(DateTimeOffset? until) =>
        !MayBeProtected || ProtectedUntil == until ? this : this with { ProtectedUntil = until, Version = Version + 1 };

    /// <summary>Lost at this time, or, with null, counting again.</summary>
    public TaskDocument WithLoss(DateTimeOffset? at) => LostAt == at ? this : this with
    {
        LostAt = at,
        ShownAt = null,
        ConnectivityAt = at ?? ShownAt ?? ConnectivityAt,
        Version = Version + 1,
    };

    /// <summary>Its node shows it running.</summary>
    public TaskDocument WithShown(DateTimeOffset at) => LostAt is null || !IsRunning ? this : this with { ShownAt = at, Version = Version + 1 };

    public TaskDocument WithStopRequested(string code, string? reason, DateTimeOffset now) =>
        !WantsRunning ? this : this with
        {
            DesiredStatus = Rules.TaskStatus.Stopped,
            StopCode = StopCode ?? code,
            StoppedReason = StoppedReason ?? reason,
            StoppingAt = StoppingAt ?? now,
            Version = Version + 1,
        };

    public TaskDocument WithStopped(string code, string? reason, DateTimeOffset now) =>
        IsStopped ? this : this with
        {
            DesiredStatus = Rules.TaskStatus.Stopped,
            LastStatus = Rules.TaskStatus.Stopped,
            StopCode = StopCode ?? code,
            StoppedReason = StoppedReason ?? reason,
            StoppingAt = StoppingAt ?? now,
            StoppedAt = now,
            Containers = [.. Containers.Select(c => c with { LastStatus = Rules.TaskStatus.Stopped })],
            Version = Version + 1,
        };
}

/// <summary>What RunTask was asked about the place of a task that waits.</summary>
internal sealed record WaitingRecord
{
    [JsonConverter(typeof(ShapeListJson<CapacityProviderStrategyItem>))]
    public IReadOnlyList<CapacityProviderStrategyItem> Strategy { get; init; } = [];
    public bool Overflow { get; init; }
    [JsonConverter(typeof(ShapeListJson<PlacementConstraint>))]
    public IReadOnlyList<PlacementConstraint> Constraints { get; init; } = [];
    [JsonConverter(typeof(ShapeListJson<PlacementStrategy>))]
    public IReadOnlyList<PlacementStrategy> Placement { get; init; } = [];
}

internal sealed record ContainerRecord
{
    public required string Name { get; init; }
    public required string Arn { get; init; }
    public string? Image { get; init; }
    public string? ImageDigest { get; init; }
    /// <summary>The digest that it must run, of its service's deployment.</summary>
    public string? PinnedDigest { get; init; }
    public string? RuntimeId { get; init; }
    public string LastStatus { get; init; } = Rules.TaskStatus.Pending;
    public int? ExitCode { get; init; }
    public string? Reason { get; init; }
    public bool Essential { get; init; } = true;
    public bool HasHealthCheck { get; init; }
    public string HealthStatus { get; init; } = "UNKNOWN";
    public string? Cpu { get; init; }
    public string? Memory { get; init; }
    public string? MemoryReservation { get; init; }
    [JsonConverter(typeof(ShapeListJson<NetworkBinding>))]
    public IReadOnlyList<NetworkBinding> NetworkBindings { get; init; } = [];
}
