using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecr.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr.Reconcilers;

/// <summary>Finishes deletions of repositories whose operation was cut short. One shard for each repository that is marked.</summary>
internal sealed class RepositoryDeletionReconciler(DocumentLog documents) : Reconciler
{
    // Neither an account, nor a region, nor a repository's name holds one.
    private const char Separator = ':';

    public override string Name => "ecr-repository-deletion";

    public override TimeSpan Period => TimeSpan.FromMinutes(5);

    public override TimeSpan PassLimit => TimeSpan.FromMinutes(2);

    // The operation finishes its own deletion; only what a crash left is for this pass, and the list at start finds that.
    public override string? ShardOf(DocumentChange change) => null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
    [
        .. (await documents.ListAllAsync(EcrKinds.Repository, stop)).Where(one => one.Value.Deleting).Select(one => one.Key.Scope + Separator + one.Key.Name),
    ];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var scope = shard[..shard.IndexOf(Separator, StringComparison.Ordinal)];
        var repository = await documents.GetAsync(EcrKinds.Repository, scope, shard[(scope.Length + 1)..], stop);
        if (repository is { Value.Deleting: true })
        {
            await RepositoryContents.RemoveAsync(documents, repository, stop);
        }
        return null;
    }
}
