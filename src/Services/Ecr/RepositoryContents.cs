using Longspan.Services.Ecr.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr;

/// <summary>Removes what a deleted repository held, in bounded commits.</summary>
internal static class RepositoryContents
{
    private const int Batch = 200;

    public static async ValueTask RemoveAsync(DocumentLog documents, string scope, CancellationToken stop)
    {
        await RemoveAsync(documents, EcrKinds.Tag, scope, stop);
        await RemoveAsync(documents, EcrKinds.Image, scope, stop);
        await RemoveAsync(documents, EcrKinds.Layer, scope, stop);
    }

    private static async ValueTask RemoveAsync<T>(DocumentLog documents, DocumentKind<T> kind, string scope, CancellationToken stop)
        where T : class
    {
        while (true)
        {
            var found = await documents.ListAsync(kind, scope, stop, limit: Batch);
            if (found.Count == 0)
            {
                return;
            }
            var commit = new Commit();
            foreach (var document in found)
            {
                commit.Delete(document);
            }
            // A conflict means that somebody else removes too: list again.
            await documents.CommitAsync(commit, stop);
        }
    }
}
