using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// A cluster's nodes and assignments at the revisions at which they were read, and the tasks that a plan has put on them since. Its
/// commit expects every assignment it touches, so a plan made from an old view is refused instead of overfilling a node.
/// </summary>
internal sealed class ClusterCapacity
{
    private readonly string _scope;
    private readonly IReadOnlyList<NodeState> _nodes;
    private readonly Dictionary<string, NodeState> _byId;
    // Nodes with what is planned on them.
    private readonly Dictionary<string, NodeCapacity> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<(string LaunchType, string? Provider, PlacementRequest Request), NodeRanking> _rankings = [];
    private readonly List<(TaskDocument Task, AssignmentEntry Entry)> _planned = [];
    // Of the planned tasks, those that existed and waited, as they were read.
    private readonly Dictionary<string, Document<TaskDocument>> _waited = new(StringComparer.Ordinal);
    private readonly List<TaskDocument> _waiting = [];
    // Assignments as the last commit writes them.
    private readonly Dictionary<string, AssignmentDocument> _written = new(StringComparer.Ordinal);

    private ClusterCapacity(string scope, IReadOnlyList<NodeState> nodes)
    {
        (_scope, _nodes) = (scope, nodes);
        _byId = nodes.ToDictionary(n => n.Instance.Value.Id, StringComparer.Ordinal);
    }

    public static async ValueTask<ClusterCapacity> LoadAsync(DocumentLog documents, string scope, CancellationToken stop) =>
        new(scope, await EcsMirror.ReadAsync(documents, scope, cluster => cluster.Nodes, stop));

    public IReadOnlyList<(TaskDocument Task, AssignmentEntry Entry)> Planned => _planned;
    /// <summary>New tasks without a place.</summary>
    public IReadOnlyList<TaskDocument> Waiting => _waiting;

    public ContainerInstanceDocument? Instance(string id) => _byId.GetValueOrDefault(id)?.Instance.Value;

    /// <summary>Registered instances of the provider, or of the launch type's pool, whether or not they can take tasks now.</summary>
    public IEnumerable<ContainerInstanceDocument> Pool(string launchType, string? provider = null) => Members(launchType, provider).Select(n => n.Instance.Value);

    private IEnumerable<NodeState> Members(string launchType, string? provider)
    {
        var byType = provider is null || CapacityProviderDocument.IsPredefined(provider);
        return _nodes.Where(n => n.Instance.Value.Status != ContainerInstanceDocument.Inactive
            && (byType ? n.Facts.IsIn(launchType) : n.Facts.CapacityProvider == provider));
    }

    /// <summary>The node with what is planned on it, or null for one that is not registered.</summary>
    public NodeCapacity? View(string instanceId) =>
        _taken.GetValueOrDefault(instanceId) ?? _byId.GetValueOrDefault(instanceId)?.Capacity;

    public string? RefusalOf(string instanceId, PlacementRequest request) => Placement.Refusal(View(instanceId)!, request);

    /// <summary>Finds a place for one task and plans it there: a new one, or <paramref name="waited"/>, which waits.</summary>
    public PlacementDecision Plan(TaskTemplate template, PlacementRequest request, DateTimeOffset now, Document<TaskDocument>? waited = null)
    {
        var decision = Ranking(template, request).Place();
        if (decision.InstanceId is { } id)
        {
            Take(id, request);
            _planned.Add(WithGpus(id, request, waited is null
                ? NewTask.On(_byId[id].Instance.Value, template, CallScope.Of(_scope), now)
                : NewTask.Place(waited.Value with { Version = waited.Value.Version + 1 }, _byId[id].Instance.Value, template)));
            if (waited is not null)
            {
                _waited[waited.Value.Id] = waited;
            }
        }
        return decision;
    }

    // Of the nodes that may take a task of this provider or launch type now.
    private NodeRanking Ranking(TaskTemplate template, PlacementRequest request)
    {
        var key = (template.LaunchType, template.CapacityProvider, request);
        if (!_rankings.TryGetValue(key, out var ranking))
        {
            _rankings[key] = ranking = new NodeRanking(
            [
                .. Members(template.LaunchType, template.CapacityProvider)
                    .Where(n => n.Instance.Value is { Status: ContainerInstanceDocument.Active, AgentConnected: true })
                    .Select(n => _taken.GetValueOrDefault(n.Instance.Value.Id) ?? n.Capacity),
            ], request);
        }
        return ranking;
    }

    private void Take(string instanceId, PlacementRequest request)
    {
        var node = _taken[instanceId] = View(instanceId)!.Take(request);
        foreach (var ranking in _rankings.Values)
        {
            ranking.Changed(node);
        }
    }

    /// <summary>Plans a new task that waits for a place.</summary>
    public void PlanWaiting(TaskTemplate template, WaitingRecord? record, DateTimeOffset now) =>
        _waiting.Add(NewTask.Waiting(template, record, CallScope.Of(_scope), now));

    public void PlanOn(string instanceId, TaskTemplate template, PlacementRequest request, DateTimeOffset now)
    {
        Take(instanceId, request);
        _planned.Add(WithGpus(instanceId, request, NewTask.On(_byId[instanceId].Instance.Value, template, CallScope.Of(_scope), now)));
    }

    // A GPU is one container's for as long as its task is assigned: which ones is settled with the place.
    private (TaskDocument Task, AssignmentEntry Entry) WithGpus(
        string instanceId, PlacementRequest request, (TaskDocument Task, AssignmentEntry Entry) made)
    {
        if (request.Gpus == 0)
        {
            return made;
        }
        var node = _byId[instanceId];
        var taken = (node.Assignment?.Value.Entries ?? [])
            .Concat(_planned.Where(p => p.Task.InstanceId == instanceId).Select(p => p.Entry)).SelectMany(e => e.Gpus);
        return (made.Task, made.Entry with { Gpus = [.. node.Instance.Value.Registered.Gpus.Except(taken).Take(request.Gpus)] });
    }

    /// <summary>Adds the planned tasks with what they rely on.</summary>
    public void AddTo(Commit commit)
    {
        foreach (var group in _planned.GroupBy(p => p.Task.InstanceId))
        {
            commit.Expect(_byId[group.Key].Instance);
            var read = _byId[group.Key].Assignment;
            var next = _written[group.Key] = (read?.Value ?? new AssignmentDocument()).With([.. group.Select(p => p.Entry)]);
            if (read is null)
            {
                commit.Create(EcsKinds.Assignment, _scope, group.Key, next);
            }
            else
            {
                commit.Update(EcsKinds.Assignment, read, next);
            }
            foreach (var (task, _) in group)
            {
                if (_waited.TryGetValue(task.Id, out var waited))
                {
                    commit.Update(EcsKinds.EcsTask, waited, task);
                }
                else
                {
                    commit.Create(EcsKinds.EcsTask, _scope, task.Id, task);
                }
            }
        }
        foreach (var task in _waiting)
        {
            commit.Create(EcsKinds.EcsTask, _scope, task.Id, task);
        }
    }

    /// <summary>The commit was made at this revision: planning goes on from what it wrote.</summary>
    public void Committed(long revision)
    {
        foreach (var (id, assignment) in _written)
        {
            var node = _byId[id];
            _byId[id] = new NodeState(node.Instance, node.Assignment is { } read
                ? read with { Revision = revision, Value = assignment }
                : new Document<AssignmentDocument>(new DocumentKey(EcsKinds.Assignment.Name, _scope, id), revision, revision, assignment), node);
        }
        _written.Clear();
        _planned.Clear();
        _waited.Clear();
        _waiting.Clear();
    }

    /// <summary>The node as placement sees it. Its running tasks are those assigned to it that are not asked to stop.</summary>
    public static NodeCapacity Node(NodeFacts facts, AssignmentDocument? assignment)
    {
        var instance = facts.Instance;
        var entries = assignment?.Entries ?? [];
        var used = InstanceUse.Of(assignment);
        var groups = new Dictionary<string, int>(StringComparer.Ordinal);
        var running = 0;
        foreach (var entry in entries)
        {
            if (!entry.Stop)
            {
                running++;
                groups[entry.Group] = groups.GetValueOrDefault(entry.Group) + 1;
            }
        }
        return new NodeCapacity
        {
            InstanceId = instance.Id,
            Attributes = facts.Attributes,
            FreeCpuUnits = instance.Registered.CpuUnits - used.CpuUnits,
            FreeMemoryMib = instance.Registered.MemoryMib - used.MemoryMib,
            FreeGpus = instance.Registered.Gpus.Count - used.Gpus.Count,
            UsedTcpPorts = used.TcpPorts.Count == 0 ? facts.TcpPorts : facts.TcpPorts.Concat(used.TcpPorts).ToHashSet(),
            UsedUdpPorts = used.UdpPorts.Count == 0 ? facts.UdpPorts : facts.UdpPorts.Concat(used.UdpPorts).ToHashSet(),
            TasksByGroup = groups,
            TaskCount = entries.Count,
            RunningTasks = running,
            AgentConnected = instance.AgentConnected,
            AgentVersion = instance.AgentVersion,
            Ec2InstanceId = instance.Ec2InstanceId,
            RegisteredAt = instance.RegisteredAt,
        };
    }
}
