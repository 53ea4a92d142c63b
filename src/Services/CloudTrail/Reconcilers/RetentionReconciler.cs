using Longspan.Kernel;
using Longspan.Kernel.Audit;
using Longspan.Kernel.Reconcilers;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Services.CloudTrail.Reconcilers;

/// <summary>Takes entries that are older than the history goes back off the disk.</summary>
internal sealed class RetentionReconciler(Cloud cloud, RecordStore records) : Reconciler
{
    public override string Name => "cloudtrail-retention";

    public override TimeSpan Period => TimeSpan.FromHours(1);

    public override TimeSpan PassLimit => TimeSpan.FromMinutes(5);

    public override string? ShardOf(DocumentChange change) => null;

    public override ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        ValueTask.FromResult<IReadOnlyList<string>>([cloud.Settings.AccountId]);

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var before = cloud.Clock.GetUtcNow() - AuditTrail.Retention;
        await records.RemoveOlderAsync(shard, AuditTrail.Group, before.ToUnixTimeMilliseconds(), stop);
        return null;
    }
}
