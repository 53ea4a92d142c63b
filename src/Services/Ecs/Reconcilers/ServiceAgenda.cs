using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>What one pass of one service looks at, all at one revision.</summary>
/// <param name="Turn">Which look it is by which the agenda goes; 0 for a further one within a pass.</param>
internal sealed record ServiceLook(
    Document<ServiceDocument> Service, IReadOnlyList<Document<TaskDocument>> Tasks, IReadOnlyList<ContainerInstanceDocument> Instances, long Turn = 0);

/// <summary>
/// When each service of a cluster is to be looked at next. Nothing in it must survive: a fresh one looks at everything. Several drivers may
/// use it at a time.
/// </summary>
internal sealed class ServiceAgenda(TimeProvider clock, TimeSpan period)
{
    /// <summary>
    /// A service with thousands of tasks is told of each that starts. Its next look waits for a multiple of what the last one took, so that
    /// looking never becomes most of what the server does; a second at most.
    /// </summary>
    private const int RestFactor = 4;
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private long? _sweptAt;
    private long _turn;

    /// <summary>The services to look at now, daemons first: what they need on a new node must not be taken by the others.</summary>
    public (IReadOnlyList<string> Names, IReadOnlySet<string> DaemonGroups) Due(ClusterMirror cluster)
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            var sweep = _sweptAt is null || clock.GetElapsedTime(_sweptAt.Value, now) >= period;
            _sweptAt = sweep ? now : _sweptAt;
            List<string> daemons = [], replicas = [];
            var groups = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (name, state) in cluster.Services)
            {
                if (state.Document is not { Value.Status: not ServiceDocument.Inactive } service)
                {
                    continue;
                }
                if (service.Value.IsDaemon)
                {
                    groups.Add("service:" + name);
                }
                if (IsDue(name, state, cluster, sweep, now))
                {
                    (service.Value.IsDaemon ? daemons : replicas).Add(name);
                }
            }
            foreach (var gone in _entries.Keys.Where(n => !cluster.Services.ContainsKey(n)).ToArray())
            {
                _entries.Remove(gone);
            }
            return ([.. daemons, .. replicas], groups);
        }
    }

    /// <summary>What the service's pass is to work on; null when there is nothing left to work on. Later changes make it due again.</summary>
    public ServiceLook? Begin(string name, ClusterMirror cluster)
    {
        if (Look(name, cluster) is not { } look)
        {
            return null;
        }
        lock (_gate)
        {
            _entries[name] = new Entry(++_turn, cluster.Services[name].Revision, cluster.CapacityRevision, null, 0, TimeSpan.Zero, false);
            return look with { Turn = _turn };
        }
    }

    /// <summary>As <see cref="Begin"/>, within a pass that has begun: what has changed since its beginning still makes it due again.</summary>
    public static ServiceLook? Look(string name, ClusterMirror cluster) =>
        cluster.Services.TryGetValue(name, out var state) && state.Document is { Value.Status: not ServiceDocument.Inactive } service
            ? new ServiceLook(service, state.Tasks.ToArray(), cluster.Instances) : null;

    /// <summary>Its pass has failed: it is due.</summary>
    public void Forget(string name)
    {
        lock (_gate)
        {
            _entries.Remove(name);
        }
    }

    /// <summary>
    /// The pass of this look is over. When another driver has looked since, what this one found is out of date, and says nothing of when to look again:
    /// what this pass itself has changed is newer than either look.
    /// </summary>
    public void End(ServiceLook look, PassOutcome outcome, TimeSpan took)
    {
        var name = look.Service.Value.Name;
        lock (_gate)
        {
            if (!_entries.TryGetValue(name, out var entry) || entry.Turn != look.Turn)
            {
                return;
            }
            var rest = outcome.Conflict || outcome.Acted ? TimeSpan.Zero : took * RestFactor < LongestRest ? took * RestFactor : LongestRest;
            _entries[name] = entry with { Next = outcome.Next, EndedAt = clock.GetTimestamp(), Rest = rest, WantsCapacity = outcome.WantsCapacity };
        }
    }

    /// <summary>When the first of them is to be looked at without anything changing.</summary>
    public TimeSpan? Next()
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            TimeSpan? next = null;
            foreach (var entry in _entries.Values)
            {
                var since = clock.GetElapsedTime(entry.EndedAt, now);
                var wait = entry.Postponed && (entry.Next is null || entry.Rest < entry.Next) ? entry.Rest : entry.Next;
                if (wait is { } delay && (next is null || delay - since < next))
                {
                    next = delay > since ? delay - since : TimeSpan.FromMilliseconds(1);
                }
            }
            return next;
        }
    }

    private bool IsDue(string name, ServiceState state, ClusterMirror cluster, bool sweep, long now)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            return true;
        }
        var since = clock.GetElapsedTime(entry.EndedAt, now);
        var changed = state.Revision > entry.Seen || (entry.WantsCapacity && cluster.CapacityRevision > entry.SeenCapacity);
        if (sweep || entry.Next <= since || (changed && entry.Rest <= since))
        {
            return true;
        }
        _entries[name] = entry with { Postponed = changed };
        return false;
    }

    private sealed record Entry(
        long Turn, long Seen, long SeenCapacity, TimeSpan? Next, long EndedAt, TimeSpan Rest, bool WantsCapacity, bool Postponed = false);
}
