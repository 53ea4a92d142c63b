using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Operations;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>Forgets what AWS forgets: stopped tasks after an hour, client tokens after a day. One shard for each cluster.</summary>
internal sealed class RetentionReconciler(Cloud cloud) : Reconciler
{
    public static readonly TimeSpan StoppedTaskLife = TimeSpan.FromHours(1);
    /// <summary>
    /// A machine that was deregistered by force while it was away still runs its tasks. When it comes back it must be told to stop them, which
    /// takes the memory that they are over; forgotten, they would be taken for tasks that a restored server has lost.
    /// </summary>
    public static readonly TimeSpan UnconfirmedTaskLife = TimeSpan.FromDays(30);
    private const int MaximumDeletes = 200;

    public override string Name => "ecs.retention";
    public override TimeSpan Period => TimeSpan.FromMinutes(2);

    public override string? ShardOf(DocumentChange change) => null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        [.. (await cloud.Documents.ListAllAsync(EcsKinds.Cluster, stop)).Select(c => $"{c.Key.Scope}/{c.Key.Name}")];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var now = cloud.Clock.GetUtcNow();
        var commit = new Commit();
        var deletes = 0;
        var stopped = await cloud.Documents.ListByIndexAsync(
            EcsKinds.EcsTask, shard, EcsKinds.ByStatus, Rules.TaskStatus.Stopped, stop);
        foreach (var task in stopped.Where(t => now - t.Value.StoppedAt > (t.Value.Unconfirmed ? UnconfirmedTaskLife : StoppedTaskLife)).Take(MaximumDeletes))
        {
            commit.Delete(task);
            deletes++;
        }
        foreach (var token in (await cloud.Documents.ListAsync(EcsKinds.ClientToken, shard, stop))
            .Where(t => now - t.Value.CreatedAt > ClientTokens.Life).Take(MaximumDeletes))
        {
            commit.Delete(token);
            deletes++;
        }
        if (!commit.IsEmpty)
        {
            // A conflict means that something was still in use; the next pass looks again.
            await cloud.Documents.CommitAsync(commit, stop);
        }
        return deletes >= MaximumDeletes ? TimeSpan.FromSeconds(1) : null;
    }
}
