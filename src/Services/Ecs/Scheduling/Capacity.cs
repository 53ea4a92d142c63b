namespace Longspan.Services.Ecs.Scheduling;

/// <summary>
/// One node as placement sees it: immutable facts and what is still free. <see cref="Take"/> returns the node with a task on it, so a
/// plan for many tasks folds over the list without touching the store.
/// </summary>
internal sealed record NodeCapacity
{
    public required string InstanceId { get; init; }
    public required IReadOnlyDictionary<string, string> Attributes { get; init; }
    public required int FreeCpuUnits { get; init; }
    public required int FreeMemoryMib { get; init; }
    public int FreeGpus { get; init; }
    public required IReadOnlySet<int> UsedTcpPorts { get; init; }
    public required IReadOnlySet<int> UsedUdpPorts { get; init; }
    /// <summary>Tasks on the node by group (<c>service:web</c>), for spreading and for distinctInstance.</summary>
    public required IReadOnlyDictionary<string, int> TasksByGroup { get; init; }
    public required int TaskCount { get; init; }
    // What only the cluster query language asks about.
    public int RunningTasks { get; init; }
    public bool AgentConnected { get; init; }
    public string? AgentVersion { get; init; }
    public string? Ec2InstanceId { get; init; }
    public DateTimeOffset RegisteredAt { get; init; }
    public string Zone => Attributes.GetValueOrDefault("ecs.availability-zone", "");

    public NodeCapacity Take(PlacementRequest request) => this with
    {
        FreeCpuUnits = FreeCpuUnits - request.CpuUnits,
        FreeMemoryMib = FreeMemoryMib - request.MemoryMib,
        FreeGpus = FreeGpus - request.Gpus,
        UsedTcpPorts = request.TcpPorts.Count == 0 ? UsedTcpPorts : UsedTcpPorts.Concat(request.TcpPorts).ToHashSet(),
        UsedUdpPorts = request.UdpPorts.Count == 0 ? UsedUdpPorts : UsedUdpPorts.Concat(request.UdpPorts).ToHashSet(),
        TasksByGroup = new Dictionary<string, int>(TasksByGroup) { [request.Group] = TasksByGroup.GetValueOrDefault(request.Group) + 1 },
        TaskCount = TaskCount + 1,
        RunningTasks = RunningTasks + 1,
    };

    /// <summary>The node as if no task of the group were on it; what they take is not given back.</summary>
    public NodeCapacity Without(string group) => TasksByGroup.TryGetValue(group, out var count)
        ? this with
        {
            TasksByGroup = TasksByGroup.Where(g => g.Key != group).ToDictionary(g => g.Key, g => g.Value, StringComparer.Ordinal),
            RunningTasks = RunningTasks - count,
        }
        : this;
}

/// <summary>What one task asks of a node.</summary>
internal sealed record PlacementRequest
{
    public required string Group { get; init; }
    public int CpuUnits { get; init; }
    public int MemoryMib { get; init; }
    public IReadOnlyList<int> TcpPorts { get; init; } = [];
    public IReadOnlyList<int> UdpPorts { get; init; } = [];
    public IReadOnlyList<string> RequiredAttributes { get; init; } = [];
    /// <summary>Attributes whose value, where an instance has them, must be this one.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = NoValues;
    public int Gpus { get; init; }
    public bool DistinctInstance { get; init; }
    public IReadOnlyList<ClusterQuery> Constraints { get; init; } = [];
    public IReadOnlyList<PlacementRule> Strategy { get; init; } = [];

    private static readonly Dictionary<string, string> NoValues = [];
}

/// <summary>One element of a placement strategy: <c>spread</c> or <c>binpack</c> over a field, or <c>random</c>.</summary>
internal readonly record struct PlacementRule(string Type, string Field);

/// <summary>Where a task goes, or why it goes nowhere: the reasons are ECS's (<c>RESOURCE:MEMORY</c>, <c>ATTRIBUTE</c>, …).</summary>
internal readonly record struct PlacementDecision(string? InstanceId, string Reason, string? ClosestInstanceId)
{
    public bool IsPlaced => InstanceId is not null;
}
