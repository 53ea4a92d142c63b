using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Logs.Documents;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Reconcilers;

/// <summary>
/// Takes expired events off the disk. Readers do not see them from the moment they expire, so this pass is about space and privacy
/// only and may be unhurried. One shard for each group that has a retention policy.
/// </summary>
internal sealed class RetentionReconciler(Cloud cloud, RecordStore records) : Reconciler
{
    // Neither an account, nor a region, nor a group's name holds one.
    private const char Separator = ':';

    public override string Name => "logs-retention";

    public override TimeSpan Period => TimeSpan.FromMinutes(15);

    public override TimeSpan PassLimit => TimeSpan.FromMinutes(5);

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == LogsKinds.Group.Name && !change.Deleted ? ShardOf(change.Key) : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
    [
        .. (await cloud.Documents.ListAllAsync(LogsKinds.Group, stop)).Where(group => group.Value.RetentionDays is not null).Select(group => ShardOf(group.Key)),
    ];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var scope = shard[..shard.IndexOf(Separator, StringComparison.Ordinal)];
        var group = await cloud.Documents.GetAsync(LogsKinds.Group, scope, shard[(scope.Length + 1)..], stop);
        if (group?.Value.ExpiredBeforeMs(cloud.Clock.GetUtcNow()) is > 0 and var before)
        {
            await records.RemoveOlderAsync(scope, group.Value.Id, before, stop);
        }
        return null;
    }

    private static string ShardOf(DocumentKey group) => group.Scope + Separator + group.Name;
}
