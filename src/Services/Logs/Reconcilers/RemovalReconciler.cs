using Longspan.Kernel.Reconcilers;
using Longspan.Services.Logs.Documents;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Reconcilers;

/// <summary>Finishes deletions of groups and streams whose operation was cut short. One shard for each account and region.</summary>
internal sealed class RemovalReconciler(DocumentLog documents, RecordStore records) : Reconciler
{
    public override string Name => "logs-removal";

    public override TimeSpan Period => TimeSpan.FromMinutes(5);

    public override TimeSpan PassLimit => TimeSpan.FromMinutes(2);

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == LogsKinds.Removal.Name && !change.Deleted ? change.Key.Scope : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        [.. (await documents.ListAllAsync(LogsKinds.Removal, stop)).Select(removal => removal.Key.Scope).Distinct()];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        foreach (var removal in await documents.ListAsync(LogsKinds.Removal, shard, stop))
        {
            await Removals.FinishAsync(documents, records, shard, removal.Value, stop);
        }
        return null;
    }
}
