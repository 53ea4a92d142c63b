using Longspan.Services.Ecs.Documents;
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
    private readonly Dictionary<string, Document<ContainerInstanceDocument>> _instances;
    private readonly Dictionary<string, Document<AssignmentDocument>> _assignments;
    private readonly Dictionary<string, NodeCapacity> _nodes = new(StringComparer.Ordinal);
    private readonly List<(TaskDocument Task, AssignmentEntry Entry)> _planned = [];
    // Of the planned tasks, those that existed and waited, as they were read.
    private readonly Dictionary<string, Document<TaskDocument>> _waited = new(StringComparer.Ordinal);
    private readonly List<TaskDocument> _waiting = [];

    private ClusterCapacity(
        string scope, IReadOnlyList<Document<ContainerInstanceDocument>> instances, IReadOnlyList<Document<AssignmentDocument>> assignments)
    {
        _scope = scope;
        _instances = instances.ToDictionary(i => i.Value.Id, StringComparer.Ordinal);
        _assignments = assignments.ToDictionary(a => a.Key.Name, StringComparer.Ordinal);
        foreach (var (id, instance) in _instances)
        {
            _nodes[id] = Node(instance.Value, _assignments.GetValueOrDefault(id)?.Value);
        }
    }

    public static async ValueTask<ClusterCapacity> LoadAsync(DocumentLog documents, string scope, CancellationToken stop) =>
        new(scope, await documents.ListAsync(EcsKinds.Instance, scope, stop), await documents.ListAsync(EcsKinds.Assignment, scope, stop));

    public IReadOnlyList<(TaskDocument Task, AssignmentEntry Entry)> Planned => _planned;
    /// <summary>New tasks without a place.</summary>
    public IReadOnlyList<TaskDocument> Waiting => _waiting;

    public ContainerInstanceDocument? Instance(string id) => _instances.GetValueOrDefault(id)?.Value;

    /// <summary>Registered instances of the provider, or of the launch type's pool, whether or not they can take tasks now.</summary>
    public IEnumerable<ContainerInstanceDocument> Pool(string launchType, string? provider = null) =>
        _instances.Values.Select(i => i.Value).Where(i => i.Status != ContainerInstanceDocument.Inactive
            && (provider is null || CapacityProviderDocument.IsPredefined(provider) ? IsIn(i, launchType) : i.CapacityProvider == provider));

    public static bool IsIn(ContainerInstanceDocument instance, string launchType) => launchType switch
    {
        LaunchTypes.External => instance.IsExternal,
        LaunchTypes.Fargate => instance.IsFargateCapacity,
        _ => !instance.IsExternal && !instance.IsFargateCapacity,
    };

    /// <summary>Nodes that may take a task of this provider or launch type now.</summary>
    public IReadOnlyList<NodeCapacity> Nodes(string launchType, string? provider = null) =>
    [
        .. Pool(launchType, provider).Where(i => i.Status == ContainerInstanceDocument.Active && i.AgentConnected)
            .Select(i => _nodes[i.Id]).Where(n => n.TaskCount < AssignmentDocument.MaximumEntries),
    ];

    /// <summary>The node with what is planned on it, or null for one that is not registered.</summary>
    public NodeCapacity? View(string instanceId) => _nodes.GetValueOrDefault(instanceId);

    public string? RefusalOf(string instanceId, PlacementRequest request) => Placement.Refusal(_nodes[instanceId], request);

    /// <summary>Finds a place for one task and plans it there.</summary>
    public PlacementDecision Plan(TaskTemplate template, PlacementRequest request, DateTimeOffset now)
    {
        var decision = Placement.Place(Nodes(template.LaunchType, template.CapacityProvider), request);
        if (decision.InstanceId is { } id)
        {
            PlanOn(id, template, request, now);
        }
        return decision;
    }

    /// <summary>Finds a place for a task that waits and plans it there.</summary>
    public PlacementDecision PlanWaited(Document<TaskDocument> waited, TaskTemplate template, PlacementRequest request)
    {
        var decision = Placement.Place(Nodes(template.LaunchType, template.CapacityProvider), request);
        if (decision.InstanceId is { } id)
        {
            _nodes[id] = _nodes[id].Take(request);
            _waited[waited.Value.Id] = waited;
            _planned.Add(WithGpus(id, request, NewTask.Place(waited.Value with { Version = waited.Value.Version + 1 }, _instances[id].Value, template)));
        }
        return decision;
    }

    /// <summary>Plans a new task that waits for a place.</summary>
    public void PlanWaiting(TaskTemplate template, WaitingRecord? record, DateTimeOffset now) =>
        _waiting.Add(NewTask.Waiting(template, record, CallScope.Of(_scope), now));

    public void PlanOn(string instanceId, TaskTemplate template, PlacementRequest request, DateTimeOffset now)
    {
        _nodes[instanceId] = _nodes[instanceId].Take(request);
        _planned.Add(WithGpus(instanceId, request, NewTask.On(_instances[instanceId].Value, template, CallScope.Of(_scope), now)));
    }

    // A GPU is one container's for as long as its task is assigned: which ones is settled with the place.
    private (TaskDocument Task, AssignmentEntry Entry) WithGpus(
        string instanceId, PlacementRequest request, (TaskDocument Task, AssignmentEntry Entry) made)
    {
        if (request.Gpus == 0)
        {
            return made;
        }
        var taken = (_assignments.GetValueOrDefault(instanceId)?.Value.Entries ?? [])
            .Concat(_planned.Where(p => p.Task.InstanceId == instanceId).Select(p => p.Entry)).SelectMany(e => e.Gpus);
        return (made.Task, made.Entry with { Gpus = [.. _instances[instanceId].Value.Registered.Gpus.Except(taken).Take(request.Gpus)] });
    }

    /// <summary>Adds the planned tasks with what they rely on.</summary>
    public void AddTo(Commit commit)
    {
        foreach (var group in _planned.GroupBy(p => p.Task.InstanceId))
        {
            commit.Expect(_instances[group.Key]);
            var read = _assignments.GetValueOrDefault(group.Key);
            var next = group.Aggregate(read?.Value ?? new AssignmentDocument(), (assignment, p) => assignment.With(p.Entry));
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

    /// <summary>The node as placement sees it. Its running tasks are those assigned to it that are not asked to stop.</summary>
    public static NodeCapacity Node(ContainerInstanceDocument instance, AssignmentDocument? assignment)
    {
        var used = InstanceUse.Of(assignment);
        var entries = assignment?.Entries ?? [];
        return new NodeCapacity
        {
            InstanceId = instance.Id,
            Attributes = instance.Attributes.DistinctBy(a => a.Name).ToDictionary(a => a.Name, a => a.Value ?? "", StringComparer.Ordinal),
            FreeCpuUnits = instance.Registered.CpuUnits - used.CpuUnits,
            FreeMemoryMib = instance.Registered.MemoryMib - used.MemoryMib,
            FreeGpus = instance.Registered.Gpus.Count - used.Gpus.Count,
            UsedTcpPorts = instance.Registered.TcpPorts.Concat(used.TcpPorts).ToHashSet(),
            UsedUdpPorts = instance.Registered.UdpPorts.Concat(used.UdpPorts).ToHashSet(),
            TasksByGroup = entries.Where(e => !e.Stop).GroupBy(e => e.Group).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
            TaskCount = entries.Count,
            RunningTasks = entries.Count(e => !e.Stop),
            AgentConnected = instance.AgentConnected,
            AgentVersion = instance.AgentVersion,
            Ec2InstanceId = instance.Ec2InstanceId,
            RegisteredAt = instance.RegisteredAt,
        };
    }
}
