using System.Text.Json.Serialization;
using Longspan.Kernel;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// A node as ECS sees it. What is placed on it is not here but in its <see cref="AssignmentDocument"/>, so that placing a task does not
/// rewrite fifty attributes, and liveness itself is not here either: only <i>lost</i> and <i>back</i> are written.
/// </summary>
internal sealed record ContainerInstanceDocument
{
    public const string Active = "ACTIVE";
    public const string Draining = "DRAINING";
    public const string Inactive = "INACTIVE";

    public required string Id { get; init; }
    public required string Arn { get; init; }
    public required string ClusterName { get; init; }
    public string Status { get; init; } = Active;
    public string? Ec2InstanceId { get; init; }
    /// <summary>The unique id of the identity that registered the node. Only it may hold the node's link, which carries task credentials.</summary>
    public string? RegisteredBy { get; init; }
    public bool AgentConnected { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }
    public DateTimeOffset? ConnectivityChangedAt { get; init; }
    /// <summary>When it was last heard of, while it is away. The times at which no server was there to hear it are left out.</summary>
    public DateTimeOffset? LostSince { get; init; }
    /// <summary>The server's life (<see cref="Link.ServerPresence"/>) in which <see cref="LostSince"/> was last put right.</summary>
    public long LostInLife { get; init; }
    /// <summary>When it was away lately, as far as that may still matter (<see cref="Rules.OfflineCredentials"/>).</summary>
    public IReadOnlyList<InstanceAbsence> Absences { get; init => field = value ?? []; } = [];
    public IReadOnlyList<InstanceAttribute> Attributes { get; init; } = [];
    public required InstanceResources Registered { get; init; }
    public string? AgentVersion { get; init; }
    public string? AgentHash { get; init; }
    public string? DockerVersion { get; init; }
    public string? RuntimeStatus { get; init; }
    public DateTimeOffset? RuntimeStatusUpdatedAt { get; init; }
    public DateTimeOffset? RuntimeStatusChangedAt { get; init; }
    public long Version { get; init; } = 1;
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;

    public bool BelongsTo(Caller caller) => caller.IsAdministrator || RegisteredBy == caller.UserId;

    [JsonIgnore]
    public bool IsExternal => HasAttribute("ecs.capability.external");
    [JsonIgnore]
    public bool IsFargateCapacity => AttributeValue(CapacityProviderDocument.InstanceAttributeName) == "fargate";
    /// <summary>The capacity provider that the instance belongs to, if any.</summary>
    [JsonIgnore]
    public string? CapacityProvider =>
        IsFargateCapacity ? CapacityProviderDocument.Fargate : AttributeValue(CapacityProviderDocument.InstanceAttributeName);
    [JsonIgnore]
    public string AvailabilityZone => AttributeValue("ecs.availability-zone") ?? "";

    public bool HasAttribute(string name) => Attributes.Any(a => a.Name == name);
    public string? AttributeValue(string name) => Attributes.FirstOrDefault(a => a.Name == name)?.Value;

    /// <param name="lastHeard">When it was last heard of, if that is known and it is lost now.</param>
    public ContainerInstanceDocument WithConnection(bool connected, DateTimeOffset at, DateTimeOffset? lastHeard = null) => this with
    {
        AgentConnected = connected,
        ConnectivityChangedAt = at,
        LostSince = connected ? null : lastHeard ?? at,
        Version = Version + 1,
    };

    public ContainerInstanceDocument WithAttributes(IEnumerable<InstanceAttribute> attributes) =>
        this with { Attributes = [.. attributes.OrderBy(a => a.Name, StringComparer.Ordinal)], Version = Version + 1 };
}

internal sealed record InstanceAttribute(string Name, string? Value);

internal sealed record InstanceAbsence(DateTimeOffset From, DateTimeOffset Until);

/// <summary>What the node registered with; ports are those that its host already uses.</summary>
internal sealed record InstanceResources(
    int CpuUnits, int MemoryMib, IReadOnlyList<int> TcpPorts, IReadOnlyList<int> UdpPorts, IReadOnlyList<string> Gpus);

/// <summary>
/// A node's whole assignment with its generation: what must run there and what must stop. Every placement, every stop and every report
/// of an end is a write to it, expecting the revision that was read, so two deciders can never both take the last of a node's memory.
/// Sealed at rest, because the credential ids in it let their holder fetch a task's keys.
/// </summary>
internal sealed record AssignmentDocument
{
    /// <summary>More tasks than this are not placed on one node: it bounds the document.</summary>
    public const int MaximumEntries = Scheduling.Placement.MaximumTasks;

    /// <summary>The agent link's counter: <c>seqNum</c> of payloads and <c>timeline</c> of manifests.</summary>
    public long Generation { get; init; }
    public IReadOnlyList<AssignmentEntry> Entries { get; init; } = [];

    public AssignmentEntry? Find(string taskId) => Entries.FirstOrDefault(e => e.TaskId == taskId);

    public AssignmentDocument With(AssignmentEntry entry) => With([entry]);

    public AssignmentDocument With(IReadOnlyCollection<AssignmentEntry> entries) =>
        this with { Generation = Generation + entries.Count, Entries = [.. Entries, .. entries] };

    public AssignmentDocument Without(string taskId) =>
        this with { Generation = Generation + 1, Entries = [.. Entries.Where(e => e.TaskId != taskId)] };

    public AssignmentDocument WithStop(string taskId) => this with
    {
        Generation = Generation + 1,
        Entries = [.. Entries.Select(e => e.TaskId == taskId ? e with { Stop = true } : e)],
    };
}

internal sealed record AssignmentEntry
{
    public required string TaskId { get; init; }
    public required string Group { get; init; }
    public bool Stop { get; init; }
    public int CpuUnits { get; init; }
    public int MemoryMib { get; init; }
    public IReadOnlyList<int> TcpPorts { get; init; } = [];
    public IReadOnlyList<int> UdpPorts { get; init; } = [];
    /// <summary>The GPUs of the instance that are the task's, by their ids.</summary>
    public IReadOnlyList<string> Gpus { get; init => field = value ?? []; } = [];
    public string? RoleCredentialsId { get; init; }
    public string? ExecutionCredentialsId { get; init; }
}
