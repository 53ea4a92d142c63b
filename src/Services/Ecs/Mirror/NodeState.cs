using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Mirror;

/// <summary>A container instance and its assignment at the revisions that were last committed. Replaced as a whole when either changes.</summary>
internal sealed class NodeState
{
    private NodeCapacity? _capacity;

    public NodeState(Document<ContainerInstanceDocument> instance, Document<AssignmentDocument>? assignment, NodeState? former)
    {
        (Instance, Assignment) = (instance, assignment);
        // Placement looks at thousands of nodes at a time: what only the instance's document decides is worked out once.
        Facts = ReferenceEquals(former?.Instance, instance) ? former.Facts : new NodeFacts(instance.Value);
    }

    public Document<ContainerInstanceDocument> Instance { get; }
    public Document<AssignmentDocument>? Assignment { get; }
    public NodeFacts Facts { get; }
    /// <summary>As placement sees it. Two threads that both work it out get equal ones.</summary>
    public NodeCapacity Capacity => _capacity ??= ClusterCapacity.Node(Facts, Assignment?.Value);
}

/// <summary>What placement asks of an instance, whatever runs there.</summary>
internal sealed class NodeFacts
{
    public NodeFacts(ContainerInstanceDocument instance)
    {
        Instance = instance;
        Attributes = instance.Attributes.DistinctBy(a => a.Name).ToDictionary(a => a.Name, a => a.Value ?? "", StringComparer.Ordinal);
        TcpPorts = instance.Registered.TcpPorts.ToHashSet();
        UdpPorts = instance.Registered.UdpPorts.ToHashSet();
        IsExternal = instance.IsExternal;
        IsFargateCapacity = instance.IsFargateCapacity;
        CapacityProvider = instance.CapacityProvider;
    }

    public ContainerInstanceDocument Instance { get; }
    public IReadOnlyDictionary<string, string> Attributes { get; }
    public IReadOnlySet<int> TcpPorts { get; }
    public IReadOnlySet<int> UdpPorts { get; }
    public bool IsExternal { get; }
    public bool IsFargateCapacity { get; }
    public string? CapacityProvider { get; }

    public bool IsIn(string launchType) => launchType switch
    {
        LaunchTypes.External => IsExternal,
        LaunchTypes.Fargate => IsFargateCapacity,
        _ => !IsExternal && !IsFargateCapacity,
    };
}
