using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr;

/// <summary>Reads a repository, changes it and commits, again when somebody else was quicker.</summary>
internal static class RepositoryChange
{
    public static async ValueTask<RepositoryDocument> ApplyAsync(
        EcrContext cx, Func<ValueTask<Document<RepositoryDocument>>> read, Func<RepositoryDocument, RepositoryDocument> change, CancellationToken stop)
    {
        for (var attempt = 0; attempt < Images.MaximumAttempts; attempt++)
        {
            var repository = await read();
            var changed = change(repository.Value);
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcrKinds.Repository, repository, changed), stop)).Committed)
            {
                return changed;
            }
        }
        throw new ServerException("The repository is changing too quickly; try again.");
    }
}
