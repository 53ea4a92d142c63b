using Longspan.Services.Ecr.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr;

/// <summary>
/// Carries out the deletion of a repository that is marked as deleting: contents in bounded commits, then the repository itself. Safe to repeat
/// and to run twice at once, because each commit expects the mark: one that comes late cannot touch a new repository of that name.
/// </summary>
internal static class RepositoryContents
{
    private const int Batch = 200;

    /// <param name="documents">The log.</param>
    /// <param name="marked">The repository with its mark. Nothing happens when it has moved on since it was read.</param>
    /// <param name="stop">Cancels between two commits; a pass goes on from there.</param>
    public static async ValueTask RemoveAsync(DocumentLog documents, Document<RepositoryDocument> marked, CancellationToken stop)
    {
        if (await RemoveAsync(documents, EcrKinds.Tag, marked, stop)
            && await RemoveAsync(documents, EcrKinds.Image, marked, stop)
            && await RemoveAsync(documents, EcrKinds.Layer, marked, stop))
        {
            await documents.CommitAsync(new Commit().Delete(marked), stop);
        }
    }

    /// <summary>False when somebody else finished the deletion.</summary>
    private static async ValueTask<bool> RemoveAsync<T>(
        DocumentLog documents, DocumentKind<T> kind, Document<RepositoryDocument> marked, CancellationToken stop)
        where T : class
    {
        while (true)
        {
            var found = await documents.ListAsync(kind, EcrContext.ScopeOf(marked.Key.Scope, marked.Value.Name), stop, limit: Batch);
            if (found.Count == 0)
            {
                return true;
            }
            var commit = new Commit().Expect(marked);
            foreach (var document in found)
            {
                commit.Delete(document);
            }
            // A conflict means that somebody else removes too: list again, unless the repository is finished.
            if (!(await documents.CommitAsync(commit, stop)).Committed
                && (await documents.GetAsync(EcrKinds.Repository, marked.Key.Scope, marked.Key.Name, stop))?.Revision != marked.Revision)
            {
                return false;
            }
        }
    }
}
