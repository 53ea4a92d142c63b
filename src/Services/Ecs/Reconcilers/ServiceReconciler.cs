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
            var pass = new ServicePass(cloud, turns, shard, service, [.. tasks[service.Value.Name]], instances, daemons, started);
            var outcome = await pass.RunAsync(stop);
            var wait = outcome.Conflict ? Soon : outcome.Next;
            next = wait is not null && (next is null || wait < next) ? wait : next;
        }
        return next;
    }
}

/// <summary>How a service's pass ended: when to look again, and whether someone else changed what it relied on.</summary>
internal readonly record struct PassOutcome(TimeSpan? Next, bool Conflict)
{
    public static readonly PassOutcome Lost = new(null, true);
}
