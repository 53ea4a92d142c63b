using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;
using TaskStatus = Longspan.Services.Ecs.Rules.TaskStatus;

namespace Longspan.Services.Ecs.Mirror;

/// <summary>One cluster of an <see cref="EcsMirror"/>. Its owner locks around every use; what it hands out never changes.</summary>
internal sealed class ClusterMirror(TextPool texts)
{
    private const string ServiceGroup = "service:";
    private readonly Dictionary<string, ServiceState> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Document<TaskDocument>> _tasks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeState> _nodes = new(StringComparer.Ordinal);
    // Read or written before their instance was.
    private readonly Dictionary<string, Document<AssignmentDocument>> _strayAssignments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Running, int Pending)> _byLaunchType = new(StringComparer.Ordinal);
    private int _waiting;
    private NodeState[]? _allNodes;
    private ContainerInstanceDocument[]? _allInstances;
    private Document<ContainerInstanceDocument>[]? _instancesByName;

    /// <summary>The newest revision that changed what nodes can take.</summary>
    public long CapacityRevision { get; private set; }
    /// <summary>Tasks of RunTask and of services that wait for capacity.</summary>
    public int Waiting => _waiting;
    public IReadOnlyDictionary<string, ServiceState> Services => _services;
    public IReadOnlyCollection<Document<TaskDocument>> Tasks => _tasks.Values;
    public IReadOnlyList<NodeState> Nodes => _allNodes ??= [.. _nodes.Values];
    public IReadOnlyList<ContainerInstanceDocument> Instances => _allInstances ??= [.. _nodes.Values.Select(n => n.Instance.Value)];

    /// <summary>All of them in the order of their names, for pages.</summary>
    public IReadOnlyList<Document<ContainerInstanceDocument>> InstancesByName =>
        _instancesByName ??= [.. _nodes.Values.Select(n => n.Instance).OrderBy(i => i.Key.Name, StringComparer.Ordinal)];

    /// <summary>How many live tasks run and are about to, by launch type: counted as they change, because there may be hundreds of thousands.</summary>
    public IReadOnlyDictionary<string, (int Running, int Pending)> ByLaunchType => _byLaunchType;

    public NodeState? Node(string id) => _nodes.GetValueOrDefault(id);

    public Document<AssignmentDocument>? Assignment(string instanceId) =>
        _nodes.TryGetValue(instanceId, out var node) ? node.Assignment : _strayAssignments.GetValueOrDefault(instanceId);

    public Document<TaskDocument>? Find(string id) => _tasks.GetValueOrDefault(id);

    public TaskDocument? Task(string id) => _tasks.GetValueOrDefault(id)?.Value;

    public long RevisionOf(DocumentKey key) => key.Kind switch
    {
        _ when key.Kind == EcsKinds.EcsTask.Name => _tasks.GetValueOrDefault(key.Name)?.Revision ?? 0,
        _ when key.Kind == EcsKinds.Service.Name => _services.GetValueOrDefault(key.Name)?.Document?.Revision ?? 0,
        _ when key.Kind == EcsKinds.Instance.Name => _nodes.GetValueOrDefault(key.Name)?.Instance.Revision ?? 0,
        _ => (_nodes.GetValueOrDefault(key.Name)?.Assignment ?? _strayAssignments.GetValueOrDefault(key.Name))?.Revision ?? 0,
    };

    public void Put(Document<ServiceDocument> service)
    {
        var state = StateOf(service.Key.Name);
        state.Document = service;
        state.Touch(service.Revision);
    }

    public void Put(Document<TaskDocument> task)
    {
        if (task.Value.IsStopped && (task.Value.ServiceName is null || task.Value.Accounted))
        {
            RemoveTask(task.Key.Name, task.Revision);
            return;
        }
        var kept = task with { Value = texts.Share(task.Value) };
        _tasks.TryGetValue(task.Key.Name, out var former);
        _tasks[task.Key.Name] = kept;
        Count(former?.Value, kept.Value);
        if (kept.Value.ServiceName is { } service)
        {
            var state = StateOf(service);
            state.Tasks.Set(kept);
            state.Counts.Change(former?.Value, kept.Value);
            state.Touch(task.Revision);
        }
    }

    public void Put(Document<ContainerInstanceDocument> instance)
    {
        var former = _nodes.GetValueOrDefault(instance.Key.Name);
        _strayAssignments.Remove(instance.Key.Name, out var stray);
        SetNode(instance.Key.Name, new NodeState(instance with { Value = texts.Share(instance.Value) }, former?.Assignment ?? stray, former), instance.Revision);
        (_allInstances, _instancesByName) = (null, null);
        TouchServicesOn(instance.Key.Name, instance.Revision);
    }

    public void Put(Document<AssignmentDocument> assignment)
    {
        var kept = assignment with { Value = texts.Share(assignment.Value) };
        if (_nodes.TryGetValue(assignment.Key.Name, out var former))
        {
            SetNode(assignment.Key.Name, new NodeState(former.Instance, kept, former), assignment.Revision);
        }
        else
        {
            _strayAssignments[assignment.Key.Name] = kept;
        }
    }

    public void Remove(DocumentKey key, long revision)
    {
        if (key.Kind == EcsKinds.EcsTask.Name)
        {
            RemoveTask(key.Name, revision);
        }
        else if (key.Kind == EcsKinds.Service.Name)
        {
            if (_services.TryGetValue(key.Name, out var state))
            {
                state.Document = null;
                Forget(key.Name, state);
            }
        }
        else if (key.Kind == EcsKinds.Instance.Name)
        {
            TouchServicesOn(key.Name, revision);
            _nodes.Remove(key.Name);
            (_allNodes, _allInstances, _instancesByName, CapacityRevision) = (null, null, null, revision);
        }
        else if (_nodes.TryGetValue(key.Name, out var node))
        {
            SetNode(key.Name, new NodeState(node.Instance, null, node), revision);
        }
        else
        {
            _strayAssignments.Remove(key.Name);
        }
    }

    private void SetNode(string id, NodeState node, long revision)
    {
        _nodes[id] = node;
        (_allNodes, CapacityRevision) = (null, Math.Max(CapacityRevision, revision));
    }

    private void TouchServicesOn(string instanceId, long revision)
    {
        foreach (var entry in _nodes.GetValueOrDefault(instanceId)?.Assignment?.Value.Entries ?? [])
        {
            if (entry.Group.StartsWith(ServiceGroup, StringComparison.Ordinal)
                && _services.TryGetValue(entry.Group[ServiceGroup.Length..], out var service))
            {
                service.Touch(revision);
            }
        }
    }

    private void RemoveTask(string id, long revision)
    {
        if (!_tasks.Remove(id, out var former))
        {
            return;
        }
        Count(former.Value, null);
        if (former.Value.ServiceName is { } service && _services.TryGetValue(service, out var state))
        {
            state.Tasks.Remove(id);
            state.Counts.Change(former.Value, null);
            state.Touch(revision);
            Forget(service, state);
        }
    }

    private void Count(TaskDocument? former, TaskDocument? next)
    {
        _waiting += (next?.IsWaiting is true ? 1 : 0) - (former?.IsWaiting is true ? 1 : 0);
        Count(former, -1);
        Count(next, 1);
    }

    private void Count(TaskDocument? task, int more)
    {
        if (task is { IsStopped: false })
        {
            var (running, pending) = _byLaunchType.GetValueOrDefault(task.LaunchType);
            _byLaunchType[task.LaunchType] = task.IsRunning ? (running + more, pending)
                : TaskStatus.IsBefore(task.LastStatus, TaskStatus.Running) ? (running, pending + more) : (running, pending);
        }
    }

    private void Forget(string name, ServiceState state)
    {
        if (state.Document is null && state.Tasks.Count == 0)
        {
            _services.Remove(name);
        }
    }

    private ServiceState StateOf(string name)
    {
        if (!_services.TryGetValue(name, out var state))
        {
            _services[name] = state = new ServiceState();
        }
        return state;
    }
}

/// <summary>A service, its tasks that live or are not accounted for, and the newest revision that concerned any of them or a node of theirs.</summary>
internal sealed class ServiceState
{
    public Document<ServiceDocument>? Document { get; set; }
    public TaskList Tasks { get; } = new();
    public ServiceCounts Counts { get; } = new();
    public long Revision { get; private set; }

    public void Touch(long revision) => Revision = Math.Max(Revision, revision);
}
