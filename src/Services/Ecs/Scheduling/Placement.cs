namespace Longspan.Services.Ecs.Scheduling;

/// <summary>
/// Decides where a task runs. A pure function: the same nodes and request give the same answer, and the answer never exceeds what a
/// node has free. Without a strategy tasks are spread: fewest of the own group first, then the emptier node.
/// </summary>
internal static class Placement
{
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

    public static PlacementDecision Place(IReadOnlyList<NodeCapacity> nodes, PlacementRequest request)
    {
        NodeCapacity? best = null;
        var reason = NoInstance;
        string? closest = null;
        foreach (var node in nodes)
        {
            var refusal = Refusal(node, request);
            if (refusal is null)
            {
                if (best is null || Compare(node, best, nodes, request) < 0)
                {
                    best = node;
                }
            }
            else if (closest is null || Array.IndexOf(Nearness, refusal) > Array.IndexOf(Nearness, reason))
            {
                reason = refusal;
                closest = node.InstanceId;
            }
        }
        return best is null ? new PlacementDecision(null, reason, closest) : new PlacementDecision(best.InstanceId, "", null);
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
        if (request.TcpPorts.Any(node.UsedTcpPorts.Contains) || request.UdpPorts.Any(node.UsedUdpPorts.Contains))
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

    private static int Compare(NodeCapacity a, NodeCapacity b, IReadOnlyList<NodeCapacity> all, PlacementRequest request)
    {
        foreach (var rule in request.Strategy)
        {
            var order = (rule.Type, rule.Field) switch
            {
                ("binpack", "cpu") => a.FreeCpuUnits.CompareTo(b.FreeCpuUnits),
                ("binpack", _) => a.FreeMemoryMib.CompareTo(b.FreeMemoryMib),
                ("spread", "instanceId" or "host") =>
                    a.TasksByGroup.GetValueOrDefault(request.Group).CompareTo(b.TasksByGroup.GetValueOrDefault(request.Group)),
                ("spread", var field) => InPlace(a, field, all, request).CompareTo(InPlace(b, field, all, request)),
                _ => 0,
            };
            if (order != 0)
            {
                return order;
            }
        }
        var group = a.TasksByGroup.GetValueOrDefault(request.Group).CompareTo(b.TasksByGroup.GetValueOrDefault(request.Group));
        if (group != 0)
        {
            return group;
        }
        var tasks = a.TaskCount.CompareTo(b.TaskCount);
        if (tasks != 0)
        {
            return tasks;
        }
        var memory = b.FreeMemoryMib.CompareTo(a.FreeMemoryMib);
        return memory != 0 ? memory : string.CompareOrdinal(a.InstanceId, b.InstanceId);
    }

    // Tasks of the group on all nodes that share the node's value of the attribute.
    private static int InPlace(NodeCapacity node, string field, IReadOnlyList<NodeCapacity> all, PlacementRequest request)
    {
        var name = field.StartsWith("attribute:", StringComparison.Ordinal) ? field["attribute:".Length..] : field;
        var value = node.Attributes.GetValueOrDefault(name, "");
        return all.Where(n => n.Attributes.GetValueOrDefault(name, "") == value).Sum(n => n.TasksByGroup.GetValueOrDefault(request.Group));
    }
}
