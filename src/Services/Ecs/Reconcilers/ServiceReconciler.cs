using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>
/// Brings every service of a cluster nearer to what it declares: accounts for tasks that ended, decides the next step of its rollout,
/// and starts and places tasks in one commit. One shard for each cluster, because placement needs one view of its capacity. Tasks that
/// find no place are not created; the service says why, and any change of the cluster's capacity runs the pass again.
/// <para>
/// Not every service is looked at when something changes: one whose tasks, nodes and settings are as they were, whose time has not come
/// and who does not wait for capacity would decide the same again. The period's own run looks at all of them.
/// </para>
/// </summary>
internal sealed class ServiceReconciler(Cloud cloud, Turns turns, DateTimeOffset started, AlarmLookup? alarms = null) : Reconciler
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);
    private readonly ConcurrentDictionary<string, ServiceAgenda> _agendas = new(StringComparer.Ordinal);

    public override string Name => "ecs.services";

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == EcsKinds.Service.Name || change.Key.Kind == EcsKinds.EcsTask.Name
        || change.Key.Kind == EcsKinds.Instance.Name || change.Key.Kind == EcsKinds.Assignment.Name
            ? change.Key.Scope : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop)
    {
        var shards = (await cloud.Documents.ListAllAsync(EcsKinds.Service, stop))
            .Where(s => s.Value.Status != ServiceDocument.Inactive).Select(s => s.Key.Scope).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _agendas.Keys.Where(scope => !shards.Contains(scope)))
        {
            _agendas.TryRemove(gone, out _);
        }
        return [.. shards];
    }

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var agenda = _agendas.GetOrAdd(shard, _ => new ServiceAgenda(cloud.Clock, Period));
        var (due, daemons) = await EcsMirror.ReadAsync(cloud.Documents, shard, agenda.Due, stop);
        Exception? failure = null;
        foreach (var name in due)
        {
            var began = cloud.Clock.GetTimestamp();
            if (await EcsMirror.ReadAsync(cloud.Documents, shard, cluster => agenda.Begin(name, cluster), stop) is not { } look)
            {
                continue;
            }
            try
            {
                var outcome = look.Service.Value is { HasTaskSets: true, Status: ServiceDocument.Active }
                    ? await TaskSetsAsync(shard, look, daemons, stop)
                    : await new ServicePass(cloud, turns, shard, look.Service, look.Tasks, look.Instances, daemons, started) { Alarms = alarms }.RunAsync(stop);
                agenda.End(look, outcome with { Next = outcome.Conflict ? Soon : outcome.Next }, cloud.Clock.GetElapsedTime(began));
            }
            catch (Exception error)
            {
                // One service must not hold up the others of its cluster. The driver reports it and comes back.
                agenda.Forget(name);
                stop.ThrowIfCancellationRequested();
                failure ??= error;
            }
        }
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
        return agenda.Next();
    }

    // A pass for each set, on the service as the one before it left it, and one for what remains of sets that have gone.
    private async ValueTask<PassOutcome> TaskSetsAsync(
        string shard, ServiceLook first, IReadOnlySet<string> daemons, CancellationToken stop)
    {
        var known = first.Service.Value.TaskSets.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var all = new PassOutcome(null, false, false);
        foreach (var id in known.Append(null))
        {
            // Only the first look counts as seen: what has changed since then may concern a set whose pass is over.
            var look = await EcsMirror.ReadAsync(cloud.Documents, shard, cluster => ServiceAgenda.Look(first.Service.Value.Name, cluster), stop);
            if (look is not { Service.Value.Status: ServiceDocument.Active } || (id is not null && look.Service.Value.TaskSets.All(s => s.Id != id)))
            {
                return PassOutcome.Lost;
            }
            IReadOnlyList<Document<TaskDocument>> own =
                [.. look.Tasks.Where(t => id is null ? !known.Contains(t.Value.DeploymentId ?? "") : t.Value.DeploymentId == id)];
            if (id is not null || own.Count > 0)
            {
                all = all.And(await new ServicePass(cloud, turns, shard, look.Service, own, look.Instances, daemons, started, id).RunAsync(stop));
            }
        }
        return all;
    }
}

/// <summary>
/// How a service's pass ended: when to look again, whether someone else changed what it relied on, whether it
/// wants room that it did not find, and whether it started or stopped tasks.
/// </summary>
internal readonly record struct PassOutcome(TimeSpan? Next, bool Conflict, bool WantsCapacity, bool Acted = false)
{
    public static readonly PassOutcome Lost = new(null, true, true);

    public PassOutcome And(PassOutcome other) => new(
        Next is null || other.Next < Next ? other.Next : Next, Conflict || other.Conflict, WantsCapacity || other.WantsCapacity, Acted || other.Acted);
}
