using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>
/// Wakes an instance's session when its assignment has changed, and tells instances lost that this process has waited for in vain. One
/// shard for each container instance.
/// </summary>
internal sealed class LinkReconciler(Cloud cloud, SessionRegistry sessions, ServerPresence presence) : Reconciler
{
    /// <summary>After a start, agents have this long to come back before they count as lost.</summary>
    public static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(60);
    // The one shard that is no instance: the server's own sign of life.
    private const string Presence = "presence";
    private readonly long _started = cloud.Clock.GetTimestamp();

    public override string Name => "ecs.link";

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == EcsKinds.Assignment.Name && !change.Deleted ? SessionRegistry.KeyOf(change.Key.Scope, change.Key.Name) : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
    [
        Presence,
        .. await EcsMirror.ReadAllAsync(cloud.Documents, (scope, cluster) => cluster.Instances
            .Where(i => i.Status != ContainerInstanceDocument.Inactive).Select(i => SessionRegistry.KeyOf(scope, i.Id)), stop),
    ];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var life = await presence.LookAsync(stop);
        if (shard == Presence)
        {
            return ServerPresence.Beat;
        }
        if (sessions.Signal(shard))
        {
            return null;
        }
        var waited = cloud.Clock.GetElapsedTime(_started);
        var split = shard.LastIndexOf('/');
        var (scope, id) = (shard[..split], shard[(split + 1)..]);
        if (await cloud.Documents.GetAsync(EcsKinds.Instance, scope, id, stop) is not { } found)
        {
            return null;
        }
        if (!found.Value.AgentConnected)
        {
            await InstanceChange.ApplyAsync(cloud.Documents, scope, id, i => LeaveOutAbsence(i, life), stop);
            return null;
        }
        if (waited < ReturnLimit)
        {
            return ReturnLimit - waited;
        }
        await InstanceChange.ApplyAsync(cloud.Documents, scope, id,
            i => i.AgentConnected && !sessions.IsConnected(shard) ? i.WithConnection(false, cloud.Clock.GetUtcNow()) : i, stop);
        return null;
    }

    // Once in a life of the server, for instances that were lost before it.
    private ContainerInstanceDocument LeaveOutAbsence(ContainerInstanceDocument instance, ServerLife life) =>
        instance.AgentConnected || instance.LostInLife == life.Number || instance.LostSince is not { } since || since >= presence.StartedAt
            || life.Absence == TimeSpan.Zero
            ? instance
            : instance with
            {
                LostSince = since + life.Absence < presence.StartedAt ? since + life.Absence : presence.StartedAt,
                LostInLife = life.Number,
            };
}
