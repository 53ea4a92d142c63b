using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Reconcilers;

/// <summary>Removes secrets for good when their recovery window ends. One shard for each secret that waits for it.</summary>
internal sealed class DeletionReconciler(Cloud cloud) : Reconciler
{
    public override string Name => "secretsmanager-deletion";

    public override TimeSpan Period => TimeSpan.FromMinutes(15);

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == SecretsManagerKinds.Secrets.Name && !change.Deleted ? SecretShards.Of(change.Key) : null;

    public override ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        SecretShards.ListAsync(cloud.Documents, secret => secret.Deletion is not null, stop);

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var (scope, name) = SecretShards.Split(shard);
        var secret = await cloud.Documents.GetAsync(SecretsManagerKinds.Secrets, scope, name, stop);
        if (secret?.Value.Deletion is not { } deletion)
        {
            return null;
        }
        var left = deletion.EndsAt - cloud.Clock.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            return left < Period ? left : null;
        }
        await Removal.TryAsync(cloud.Documents, secret, stop);
        return null;
    }
}
