using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Core.Tests.Ecs.Scheduling;

/// <summary>
/// Placement again, from what it promises and without any thrift: nothing is kept up, everything is counted from the tasks that were
/// placed, and the best node is found by comparing each with each.
/// </summary>
internal sealed class PlacementModel(IReadOnlyList<NodeCapacity> empty)
{
    private readonly List<(string InstanceId, PlacementRequest Request)> _placed = [];

    public IReadOnlyList<(string InstanceId, PlacementRequest Request)> Placed => _placed;

    public void Take(string instanceId, PlacementRequest request) => _placed.Add((instanceId, request));

    public string? Place(PlacementRequest request)
    {
        var fitting = empty.Where(node => Fits(node, request)).ToList();
        return fitting.SingleOrDefault(node => fitting.All(other => other == node || IsBetter(node, other, request)))?.InstanceId;
    }

    public bool Fits(NodeCapacity node, PlacementRequest request)
    {
        var here = Here(node);
        return request.RequiredAttributes.All(node.Attributes.ContainsKey)
            && request.Values.All(v => !node.Attributes.TryGetValue(v.Key, out var value) || value == v.Value)
            && node.FreeGpus - here.Sum(r => r.Gpus) >= request.Gpus
            && request.Constraints.All(c => c.Matches(Now(node)))
            && !(request.DistinctInstance && InGroup(node, request) > 0)
            && !request.TcpPorts.Any(p => node.UsedTcpPorts.Contains(p) || here.Any(r => r.TcpPorts.Contains(p)))
            && FreeCpu(node) >= request.CpuUnits && FreeMemory(node) >= request.MemoryMib;
    }

    public int FreeMemory(NodeCapacity node) => node.FreeMemoryMib - Here(node).Sum(r => r.MemoryMib);

    public int FreeCpu(NodeCapacity node) => node.FreeCpuUnits - Here(node).Sum(r => r.CpuUnits);

    public int InGroup(NodeCapacity node, PlacementRequest request) =>
        node.TasksByGroup.GetValueOrDefault(request.Group) + Here(node).Count(r => r.Group == request.Group);

    private List<PlacementRequest> Here(NodeCapacity node) => [.. _placed.Where(p => p.InstanceId == node.InstanceId).Select(p => p.Request)];

    private NodeCapacity Now(NodeCapacity node) => Here(node).Aggregate(node, (seen, request) => seen.Take(request));

    private bool IsBetter(NodeCapacity a, NodeCapacity b, PlacementRequest request)
    {
        foreach (var (x, y) in request.Strategy.Select(rule => (Key(a, rule, request), Key(b, rule, request))))
        {
            if (x != y)
            {
                return x < y;
            }
        }
        var (group, tasks, memory) = (
            InGroup(a, request) - InGroup(b, request), a.TaskCount + Here(a).Count - b.TaskCount - Here(b).Count, FreeMemory(b) - FreeMemory(a));
        return group != 0 ? group < 0 : tasks != 0 ? tasks < 0 : memory != 0 ? memory < 0 : string.CompareOrdinal(a.InstanceId, b.InstanceId) < 0;
    }

    private int Key(NodeCapacity node, PlacementRule rule, PlacementRequest request) => (rule.Type, rule.Field) switch
    {
        ("binpack", "cpu") => FreeCpu(node),
        ("binpack", _) => FreeMemory(node),
        ("spread", "instanceId" or "host") => InGroup(node, request),
        ("spread", var field) => empty.Where(n => Value(n, field) == Value(node, field)).Sum(n => InGroup(n, request)),
        _ => 0,
    };

    private static string Value(NodeCapacity node, string field) => node.Attributes.GetValueOrDefault(field.Replace("attribute:", "", StringComparison.Ordinal), "");
}
