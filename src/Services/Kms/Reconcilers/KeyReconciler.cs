using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Reconcilers;

/// <summary>
/// Deletes keys whose waiting time is over, with all that belongs to them, and rotates those that are due. One shard for each key that waits for
/// either. A cancelled deletion and this pass cannot both win: the commit expects the key as it was read.
/// </summary>
internal sealed class KeyReconciler(Cloud cloud) : Reconciler
{
    // Neither an account, nor a region, nor a key's id holds one.
    private const char Separator = ':';

    public override string Name => "kms-keys";

    public override TimeSpan Period => TimeSpan.FromMinutes(15);

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == KmsKinds.Keys.Name && !change.Deleted ? ShardOf(change.Key) : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        [.. (await cloud.Documents.ListAllAsync(KmsKinds.Keys, stop)).Where(key => key.Value.DueAt is not null).Select(key => ShardOf(key.Key))];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var separator = shard.IndexOf(Separator, StringComparison.Ordinal);
        var key = await cloud.Documents.GetAsync(KmsKinds.Keys, shard[..separator], shard[(separator + 1)..], stop);
        if (key?.Value.DueAt is not { } due)
        {
            return null;
        }
        var now = cloud.Clock.GetUtcNow();
        if (now < due)
        {
            return due - now < Period ? due - now : null;
        }
        var commit = key.Value.DeletionAt is null ? Rotations.Rotate(key, Rotations.Automatic, now) : await DeletionAsync(key, stop);
        await cloud.Documents.CommitAsync(commit, stop);
        return null;
    }

    private async ValueTask<Commit> DeletionAsync(Document<KeyDocument> key, CancellationToken stop)
    {
        var (scope, keyId) = (key.Key.Scope, key.Key.Name);
        var commit = new Commit().Delete(key);
        foreach (var material in await cloud.Documents.ListAsync(KmsKinds.Materials, scope, stop, keyId + ":"))
        {
            commit.Delete(material);
        }
        foreach (var alias in await cloud.Documents.ListByIndexAsync(KmsKinds.Aliases, scope, KmsKinds.KeyIndex, keyId, stop))
        {
            commit.Delete(alias);
        }
        foreach (var grant in await cloud.Documents.ListAsync(KmsKinds.Grants, scope, stop, keyId + ":"))
        {
            commit.Delete(grant);
        }
        return commit;
    }

    private static string ShardOf(DocumentKey key) => key.Scope + Separator + key.Name;
}
