using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>
/// Brings every service of a cluster nearer to what it declares: accounts for tasks that ended, decides the next step of its rollout,
/// and starts and places tasks in one commit. One shard for each cluster, because placement needs one view of its capacity. Tasks that
/// find no place are not created; the service says why, and any change of the cluster's capacity runs the pass again.
/// </summary>
internal sealed class ServiceReconciler(Cloud cloud, Turns turns, DateTimeOffset started) : Reconciler
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    public override string Name => "ecs.services";

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == EcsKinds.Service.Name || change.Key.Kind == EcsKinds.EcsTask.Name
        || change.Key.Kind == EcsKinds.Instance.Name || change.Key.Kind == EcsKinds.Assignment.Name
            ? change.Key.Scope : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
    [
        .. (await cloud.Documents.ListAllAsync(EcsKinds.Service, stop))
            .Where(s => s.Value.Status != ServiceDocument.Inactive).Select(s => s.Key.Scope).Distinct(StringComparer.Ordinal),
    ];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var services = (await cloud.Documents.ListAsync(EcsKinds.Service, shard, stop))
            .Where(s => s.Value.Status != ServiceDocument.Inactive).ToList();
        if (services.Count == 0)
        {
            return null;
        }
        var tasks = (await cloud.Documents.ListByIndexAsync(EcsKinds.EcsTask, shard, EcsKinds.Open, EcsKinds.Yes, stop))
            .ToLookup(t => t.Value.ServiceName!, StringComparer.Ordinal);
        var instances = (await cloud.Documents.ListAsync(EcsKinds.Instance, shard, stop)).Select(i => i.Value).ToList();
        var daemons = services.Where(s => s.Value.IsDaemon).Select(s => "service:" + s.Value.Name).ToHashSet(StringComparer.Ordinal);
        TimeSpan? next = null;
        // Daemons first: what they need on a new node must not be taken by the others.
        foreach (var service in services.OrderByDescending(s => s.Value.IsDaemon))
        {
            IReadOnlyList<Document<TaskDocument>> own = [.. tasks[service.Value.Name]];
            if (service.Value is { HasTaskSets: true, Status: ServiceDocument.Active })
            {
                next = Sooner(next, await TaskSetsAsync(shard, service, own, instances, daemons, stop));
                continue;
            }
            var pass = new ServicePass(cloud, turns, shard, service, own, instances, daemons, started);
            next = Sooner(next, await pass.RunAsync(stop));
        }
        return next;
    }

    // A pass for each set, on the service as the one before it left it, and one for what remains of sets that have gone.
    private async ValueTask<PassOutcome> TaskSetsAsync(
        string shard, Document<ServiceDocument> service, IReadOnlyList<Document<TaskDocument>> tasks,
        IReadOnlyList<ContainerInstanceDocument> instances, HashSet<string> daemons, CancellationToken stop)
    {
        var known = service.Value.TaskSets.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var rest = tasks.Where(t => !known.Contains(t.Value.DeploymentId ?? "")).ToList();
        var all = new PassOutcome(null, false);
        foreach (var id in rest.Count > 0 ? known.Append(null) : known)
        {
            var current = await cloud.Documents.GetAsync(EcsKinds.Service, shard, service.Value.Name, stop);
            if (current is not { Value.Status: ServiceDocument.Active } || (id is not null && current.Value.TaskSets.All(s => s.Id != id)))
            {
                return PassOutcome.Lost;
            }
            IReadOnlyList<Document<TaskDocument>> own = id is null ? rest : [.. tasks.Where(t => t.Value.DeploymentId == id)];
            var outcome = await new ServicePass(cloud, turns, shard, current, own, instances, daemons, started, id).RunAsync(stop);
            all = new PassOutcome(Sooner(all.Next, outcome), all.Conflict || outcome.Conflict);
        }
        return all;
    }

    private static TimeSpan? Sooner(TimeSpan? next, PassOutcome outcome)
    {
        var wait = outcome.Conflict ? Soon : outcome.Next;
        return wait is not null && (next is null || wait < next) ? wait : next;
    }
}

/// <summary>How a service's pass ended: when to look again, and whether someone else changed what it relied on.</summary>
internal readonly record struct PassOutcome(TimeSpan? Next, bool Conflict)
{
    public static readonly PassOutcome Lost = new(null, true);
}
