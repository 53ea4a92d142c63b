namespace Longspan.Services.Ecs.Scheduling;

/// <summary>
/// Decides where a task runs. A pure function: the same nodes and request give the same answer, and the answer never exceeds what a
/// node has free. Without a strategy tasks are spread: fewest of the own group first, then the emptier node.
/// </summary>
internal static class Placement
{
    /// <summary>No node takes more tasks than this.</summary>
    public const int MaximumTasks = 1000;
    public const string NoInstance = "RESOURCE:INSTANCE";
    public const string Cpu = "RESOURCE:CPU";
    public const string Memory = "RESOURCE:MEMORY";
    public const string Ports = "RESOURCE:PORTS";
    public const string Gpu = "RESOURCE:GPU";
    public const string Attribute = "ATTRIBUTE";
    public const string Distinct = "DistinctInstance placement constraint unsatisfied.";
    public const string MemberOf = "MemberOf placement constraint unsatisfied.";

    // The nearer a node came to taking the task, the better its reason explains the refusal.
    private static readonly string[] Nearness = [NoInstance, Attribute, MemberOf, Distinct, Ports, Gpu, Cpu, Memory];

    public static PlacementDecision Place(IReadOnlyList<NodeCapacity> nodes, PlacementRequest request) =>
        new NodeRanking(nodes, request).Place();

    /// <summary>Why none of the nodes takes the task, and the one that came nearest.</summary>
    public static PlacementDecision Explain(IEnumerable<NodeCapacity> nodes, PlacementRequest request)
    {
        var reason = NoInstance;
        string? closest = null;
        foreach (var node in nodes)
        {
            if (Refusal(node, request) is { } refusal
                && (closest is null || Array.IndexOf(Nearness, refusal) > Array.IndexOf(Nearness, reason)))
            {
                (reason, closest) = (refusal, node.InstanceId);
            }
        }
        return new PlacementDecision(null, reason, closest);
    }

    /// <summary>Why this node is none for the task, however much it had free; null when only room could be missing.</summary>
    public static string? Misfit(NodeCapacity node, PlacementRequest request)
    {
        foreach (var name in request.RequiredAttributes)
        {
            if (!node.Attributes.ContainsKey(name))
            {
                return Attribute;
            }
        }
        foreach (var (name, value) in request.Values)
        {
            if (node.Attributes.TryGetValue(name, out var own) && own != value)
            {
                return Attribute;
            }
        }
        foreach (var constraint in request.Constraints)
        {
            if (!constraint.Matches(node))
            {
                return MemberOf;
            }
        }
        return null;
    }

    /// <summary>Why this node cannot take the task, or null when it can.</summary>
    public static string? Refusal(NodeCapacity node, PlacementRequest request)
    {
        if (Misfit(node, request) is { } misfit)
        {
            return misfit;
        }
        if (request.DistinctInstance && node.TasksByGroup.GetValueOrDefault(request.Group) > 0)
        {
            return Distinct;
        }
        if (node.TaskCount >= MaximumTasks)
        {
            return NoInstance;
        }
        if ((request.TcpPorts.Count > 0 && request.TcpPorts.Any(node.UsedTcpPorts.Contains))
            || (request.UdpPorts.Count > 0 && request.UdpPorts.Any(node.UsedUdpPorts.Contains)))
        {
            return Ports;
        }
        if (node.FreeGpus < request.Gpus)
        {
            return Gpu;
        }
        if (node.FreeCpuUnits < request.CpuUnits)
        {
            return Cpu;
        }
        return node.FreeMemoryMib < request.MemoryMib ? Memory : null;
    }
}
