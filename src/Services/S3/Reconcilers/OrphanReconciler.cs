using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.S3.Documents;
using Longspan.Store.Blobs;
using Longspan.Store.Documents;

namespace Longspan.Services.S3.Reconcilers;

/// <summary>Removes contents that no object names: of puts that were refused, and of deletions that a crash cut short.</summary>
internal sealed class OrphanReconciler(Cloud cloud, BlobStore blobs) : Reconciler
{
    /// <summary>A put stores its content before its document, and no put takes this long.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromHours(1);

    public override string Name => "s3-orphans";

    public override TimeSpan Period => TimeSpan.FromHours(1);

    public override TimeSpan PassLimit => TimeSpan.FromMinutes(5);

    public override string? ShardOf(DocumentChange change) => null;

    public override ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        ValueTask.FromResult<IReadOnlyList<string>>([cloud.Settings.AccountId]);

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var before = cloud.Clock.GetUtcNow() - Young;
        var suspects = new HashSet<BlobDigest>();
        await foreach (var blob in blobs.ListAsync(stop))
        {
            if (blob.Written < before)
            {
                suspects.Add(blob.Digest);
            }
        }
        if (suspects.Count == 0)
        {
            return null;
        }
        foreach (var one in await cloud.Documents.ListAllAsync(S3Kinds.Object, stop))
        {
            suspects.Remove(one.Value.Blob);
        }
        foreach (var orphan in suspects)
        {
            await blobs.DeleteAsync(orphan, stop);
        }
        return null;
    }
}
