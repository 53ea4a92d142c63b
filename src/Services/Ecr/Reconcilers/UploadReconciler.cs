using Longspan.Kernel.Reconcilers;
using Longspan.Store.Blobs;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr.Reconcilers;

/// <summary>
/// Removes uploads that were begun and left: a client that goes away for good would otherwise hold space, and one of the bounded number of
/// uploads, until the next start.
/// </summary>
internal sealed class UploadReconciler(BlobStore blobs) : Reconciler
{
    /// <summary>Longer than any pause after which docker, podman or skopeo still go on with an upload.</summary>
    public static readonly TimeSpan Untouched = TimeSpan.FromHours(1);

    public override string Name => "ecr-uploads";

    public override TimeSpan Period => TimeSpan.FromMinutes(10);

    public override string? ShardOf(DocumentChange change) => null;

    public override ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) => ValueTask.FromResult<IReadOnlyList<string>>(["all"]);

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        await blobs.SweepUploadsAsync(Untouched, stop);
        return null;
    }
}
