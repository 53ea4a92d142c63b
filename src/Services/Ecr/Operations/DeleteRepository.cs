using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr.Operations;

internal static class DeleteRepository
{
    public static async ValueTask<DeleteRepositoryResponse> HandleAsync(EcrContext cx, DeleteRepositoryRequest request, CancellationToken stop)
    {
        for (var attempt = 0; attempt < Images.MaximumAttempts; attempt++)
        {
            var repository = await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop);
            var images = await cx.Documents.ListAsync(EcrKinds.Image, cx.ScopeOf(repository.Value.Name), stop, limit: 1);
            if (images.Count > 0 && request.Force != true)
            {
                throw new RepositoryNotEmptyException(
                    $"The repository with name '{repository.Value.Name}' in registry with id '{cx.AccountId}' cannot be deleted because it still contains images");
            }
            // The mark goes first and alone: from then on nothing can be pushed, and a crash leaves something to go on from.
            var marked = repository.Value with { Deleting = true };
            var result = await cx.Documents.CommitAsync(new Commit().Update(EcrKinds.Repository, repository, marked), stop);
            if (result.Committed)
            {
                await RepositoryContents.RemoveAsync(cx.Documents, repository with { Revision = result.Revision, Value = marked }, stop);
                return new() { Repository = repository.Value.ToShape(cx) };
            }
        }
        throw new ServerException("The repository is changing too quickly; try again.");
    }
}
