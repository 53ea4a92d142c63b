namespace Longspan.Services.Ecs.Scheduling;

/// <summary>
/// The nodes in the order in which they would take tasks of one request, kept up while tasks are placed: the best one costs some
/// comparisons instead of a look at every node. A pure function of the nodes and of what was done since.
/// <para>
/// A strategy compares nodes by what is their own (free memory, tasks of the group) and, for a spread over an attribute, by the tasks of
/// the group on all nodes that share its value. Among nodes that share the values of all such attributes the latter is equal, so each of
/// these sets has an order that a placement elsewhere does not disturb: a heap for each, and the best is the best of their first ones.
/// </para>
/// </summary>
internal sealed class NodeRanking
{
    private readonly PlacementRequest _request;
    // For each rule of the strategy: the tasks of the group by the attribute's value, or null for a rule about the node itself.
    private readonly Dictionary<string, Count>?[] _shared;
    private readonly Dictionary<string, Member> _members;
    private readonly List<Set> _sets = [];

    public NodeRanking(IReadOnlyList<NodeCapacity> nodes, PlacementRequest request)
    {
        _request = request;
        _shared = [.. request.Strategy.Select(rule => AttributeOf(rule) is null ? null : new Dictionary<string, Count>(StringComparer.Ordinal))];
        _members = new Dictionary<string, Member>(nodes.Count, StringComparer.Ordinal);
        var sets = new Dictionary<string, Set>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            var counts = CountsOf(node);
            var key = KeyOf(node);
            if (!sets.TryGetValue(key, out var set))
            {
                sets[key] = set = new Set(new OwnOrder(this), counts);
                _sets.Add(set);
            }
            foreach (var count in counts)
            {
                count?.Add(InGroup(node));
            }
            _members[node.InstanceId] = new Member(node, set);
            if (Placement.Refusal(node, request) is null)
            {
                set.Heap.Enqueue(node, node);
            }
        }
    }

    /// <summary>The node for the next task, or why there is none. Nothing is taken: tell <see cref="Changed"/> what came of it.</summary>
    public PlacementDecision Place()
    {
        Set? best = null;
        NodeCapacity? first = null;
        foreach (var set in _sets)
        {
            if (First(set) is { } node && (first is null || Compare(node, set, first, best!) < 0))
            {
                (best, first) = (set, node);
            }
        }
        return first is null
            ? Placement.Explain(_members.Values.Select(m => m.Node), _request) : new PlacementDecision(first.InstanceId, "", null);
    }

    /// <summary>The node is different now, by whatever was placed on it. One that is not ranked here is ignored.</summary>
    public void Changed(NodeCapacity node)
    {
        if (!_members.TryGetValue(node.InstanceId, out var member))
        {
            return;
        }
        var more = InGroup(node) - InGroup(member.Node);
        foreach (var count in member.Set.Counts)
        {
            count?.Add(more);
        }
        member.Node = node;
        if (Placement.Refusal(node, _request) is null)
        {
            member.Set.Heap.Enqueue(node, node);
        }
    }

    // An entry that is not the node as it is now has been overtaken.
    private NodeCapacity? First(Set set)
    {
        while (set.Heap.TryPeek(out var node, out _))
        {
            if (ReferenceEquals(_members[node.InstanceId].Node, node))
            {
                return node;
            }
            set.Heap.Dequeue();
        }
        return null;
    }

    private int Compare(NodeCapacity a, Set setOfA, NodeCapacity b, Set setOfB)
    {
        for (var i = 0; i < _request.Strategy.Count; i++)
        {
            var order = setOfA.Counts[i] is { } tasks
                ? tasks.Value.CompareTo(setOfB.Counts[i]!.Value) : CompareOwn(_request.Strategy[i], a, b);
            if (order != 0)
            {
                return order;
            }
        }
        return CompareRest(a, b);
    }

    private int CompareOwn(PlacementRule rule, NodeCapacity a, NodeCapacity b) => rule.Type switch
    {
        "binpack" => rule.Field == "cpu" ? a.FreeCpuUnits.CompareTo(b.FreeCpuUnits) : a.FreeMemoryMib.CompareTo(b.FreeMemoryMib),
        "spread" => InGroup(a).CompareTo(InGroup(b)),
        _ => 0,
    };

    // Without a strategy, or where it leaves a choice: spread, then the emptier node, then an order that is stable.
    private int CompareRest(NodeCapacity a, NodeCapacity b)
    {
        var order = InGroup(a).CompareTo(InGroup(b));
        order = order != 0 ? order : a.TaskCount.CompareTo(b.TaskCount);
        order = order != 0 ? order : b.FreeMemoryMib.CompareTo(a.FreeMemoryMib);
        return order != 0 ? order : string.CompareOrdinal(a.InstanceId, b.InstanceId);
    }

    private int InGroup(NodeCapacity node) => node.TasksByGroup.GetValueOrDefault(_request.Group);

    // The attribute that a rule spreads over; null when it is about the node itself.
    private static string? AttributeOf(PlacementRule rule) =>
        rule.Type != "spread" || rule.Field is "instanceId" or "host" ? null
        : rule.Field.StartsWith(ClusterQueryParser.AttributePrefix, StringComparison.Ordinal)
            ? rule.Field[ClusterQueryParser.AttributePrefix.Length..] : rule.Field;

    private string KeyOf(NodeCapacity node)
    {
        var key = "";
        foreach (var rule in _request.Strategy)
        {
            if (AttributeOf(rule) is { } name)
            {
                key += node.Attributes.GetValueOrDefault(name, "") + '\0';
            }
        }
        return key;
    }

    private Count?[] CountsOf(NodeCapacity node)
    {
        var counts = new Count?[_shared.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            if (_shared[i] is { } byValue)
            {
                var value = node.Attributes.GetValueOrDefault(AttributeOf(_request.Strategy[i])!, "");
                if (!byValue.TryGetValue(value, out var count))
                {
                    byValue[value] = count = new Count();
                }
                counts[i] = count;
            }
        }
        return counts;
    }

    private sealed class Count
    {
        public int Value { get; private set; }
        public void Add(int more) => Value += more;
    }

    private sealed class Member(NodeCapacity node, Set set)
    {
        public NodeCapacity Node { get; set; } = node;
        public Set Set => set;
    }

    private sealed class Set(IComparer<NodeCapacity> order, Count?[] counts)
    {
        public PriorityQueue<NodeCapacity, NodeCapacity> Heap { get; } = new(order);
        public Count?[] Counts => counts;
    }

    // Within one set: the attributes' counts are equal, and so left out.
    private sealed class OwnOrder(NodeRanking ranking) : IComparer<NodeCapacity>
    {
        public int Compare(NodeCapacity? a, NodeCapacity? b)
        {
            for (var i = 0; i < ranking._shared.Length; i++)
            {
                if (ranking._shared[i] is null && ranking.CompareOwn(ranking._request.Strategy[i], a!, b!) is not 0 and var order)
                {
                    return order;
                }
            }
            return ranking.CompareRest(a!, b!);
        }
    }
}
