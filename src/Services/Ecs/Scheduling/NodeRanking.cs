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
    // For each rule of the strategy: the attribute that it spreads over, or null for a rule about the node itself.
    private readonly string?[] _attributes;
    // The same, with the tasks of the group by the attribute's value.
    private readonly Dictionary<string, Count>?[] _shared;
    private readonly Dictionary<string, Member> _members;
    private readonly List<Set> _sets = [];

    public NodeRanking(IReadOnlyList<NodeCapacity> nodes, PlacementRequest request)
    {
        _request = request;
        _attributes = [.. request.Strategy.Select(AttributeOf)];
        _shared = [.. _attributes.Select(name => name is null ? null : new Dictionary<string, Count>(StringComparer.Ordinal))];
        _members = new Dictionary<string, Member>(nodes.Count, StringComparer.Ordinal);
        var sets = new Dictionary<string, Set>(StringComparer.Ordinal);
        var order = new OwnOrder(this);
        foreach (var node in nodes)
        {
            var key = KeyOf(node);
            if (!sets.TryGetValue(key, out var set))
            {
                sets[key] = set = new Set(order, CountsOf(node));
                _sets.Add(set);
            }
            var standing = Of(node);
            foreach (var count in set.Counts)
            {
                count?.Add(standing.InGroup);
            }
            _members[node.InstanceId] = new Member(standing, set);
            if (Placement.Refusal(node, request) is null)
            {
                set.Heap.Enqueue(standing, standing);
            }
        }
    }

    /// <summary>The node for the next task, or why there is none. Nothing is taken: tell <see cref="Changed"/> what came of it.</summary>
    public PlacementDecision Place()
    {
        Set? best = null;
        Standing? first = null;
        foreach (var set in _sets)
        {
            if (First(set) is { } standing && (first is null || Compare(standing, set, first, best!) < 0))
            {
                (best, first) = (set, standing);
            }
        }
        return first is null
            ? Placement.Explain(_members.Values.Select(m => m.Standing.Node), _request) : new PlacementDecision(first.Node.InstanceId, "", null);
    }

    /// <summary>The node is different now, by whatever was placed on it. One that is not ranked here is ignored.</summary>
    public void Changed(NodeCapacity node)
    {
        if (!_members.TryGetValue(node.InstanceId, out var member))
        {
            return;
        }
        var standing = Of(node);
        var more = standing.InGroup - member.Standing.InGroup;
        foreach (var count in member.Set.Counts)
        {
            count?.Add(more);
        }
        member.Standing = standing;
        if (Placement.Refusal(node, _request) is null)
        {
            member.Set.Heap.Enqueue(standing, standing);
        }
    }

    // An entry that is not the node as it is now has been overtaken.
    private Standing? First(Set set)
    {
        while (set.Heap.TryPeek(out var standing, out _))
        {
            if (ReferenceEquals(_members[standing.Node.InstanceId].Standing, standing))
            {
                return standing;
            }
            set.Heap.Dequeue();
        }
        return null;
    }

    private int Compare(Standing a, Set setOfA, Standing b, Set setOfB)
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

    private static int CompareOwn(PlacementRule rule, Standing a, Standing b) => rule.Type switch
    {
        "binpack" => rule.Field == "cpu" ? a.Node.FreeCpuUnits.CompareTo(b.Node.FreeCpuUnits) : a.Node.FreeMemoryMib.CompareTo(b.Node.FreeMemoryMib),
        "spread" => a.InGroup.CompareTo(b.InGroup),
        _ => 0,
    };

    // Without a strategy, or where it leaves a choice: spread, then the emptier node, then an order that is stable.
    private static int CompareRest(Standing a, Standing b)
    {
        var order = a.InGroup.CompareTo(b.InGroup);
        order = order != 0 ? order : a.Node.TaskCount.CompareTo(b.Node.TaskCount);
        order = order != 0 ? order : b.Node.FreeMemoryMib.CompareTo(a.Node.FreeMemoryMib);
        return order != 0 ? order : string.CompareOrdinal(a.Node.InstanceId, b.Node.InstanceId);
    }

    private Standing Of(NodeCapacity node) => new(node, node.TasksByGroup.GetValueOrDefault(_request.Group));

    // The attribute that a rule spreads over; null when it is about the node itself.
    private static string? AttributeOf(PlacementRule rule) =>
        rule.Type != "spread" || rule.Field is "instanceId" or "host" ? null
        : rule.Field.StartsWith(ClusterQueryParser.AttributePrefix, StringComparison.Ordinal)
            ? rule.Field[ClusterQueryParser.AttributePrefix.Length..] : rule.Field;

    private string KeyOf(NodeCapacity node)
    {
        var key = "";
        foreach (var name in _attributes)
        {
            if (name is not null)
            {
                key += ValueOf(node, name) + '\0';
            }
        }
        return key;
    }

    private static string ValueOf(NodeCapacity node, string name) => node.Attributes.GetValueOrDefault(name, "");

    private Count?[] CountsOf(NodeCapacity node)
    {
        var counts = new Count?[_shared.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            if (_shared[i] is { } byValue)
            {
                var value = ValueOf(node, _attributes[i]!);
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

    // A node as it was ranked, with its tasks of the group: what nearly every comparison asks for.
    private sealed record Standing(NodeCapacity Node, int InGroup);

    private sealed class Member(Standing standing, Set set)
    {
        public Standing Standing { get; set; } = standing;
        public Set Set => set;
    }

    private sealed class Set(IComparer<Standing> order, Count?[] counts)
    {
        public PriorityQueue<Standing, Standing> Heap { get; } = new(order);
        public Count?[] Counts => counts;
    }

    // Within one set: the attributes' counts are equal, and so left out.
    private sealed class OwnOrder(NodeRanking ranking) : IComparer<Standing>
    {
        public int Compare(Standing? a, Standing? b)
        {
            for (var i = 0; i < ranking._attributes.Length; i++)
            {
                if (ranking._attributes[i] is null && CompareOwn(ranking._request.Strategy[i], a!, b!) is not 0 and var order)
                {
                    return order;
                }
            }
            return CompareRest(a!, b!);
        }
    }
}
