using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr.Operations;

internal static class DeleteRepository
{
    public static async ValueTask<DeleteRepositoryResponse> HandleAsync(EcrContext cx, DeleteRepositoryRequest request, CancellationToken stop)
    {
        var repository = await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop);
        var scope = cx.ScopeOf(repository.Value.Name);
        var images = await cx.Documents.ListAsync(EcrKinds.Image, scope, stop, limit: 1);
        if (images.Count > 0 && request.Force != true)
        {
            throw new RepositoryNotEmptyException(
                $"The repository with name '{repository.Value.Name}' in registry with id '{cx.AccountId}' cannot be deleted because it still contains images");
        }
        // The repository goes first and alone: nothing can be pushed any more, and what is left is unreachable until it is swept.
        if (!(await cx.Documents.CommitAsync(new Commit().Delete(repository), stop)).Committed)
        {
            throw new ServerException("The repository is being changed; try again.");
        }
        await RepositoryContents.RemoveAsync(cx.Documents, scope, stop);
        return new() { Repository = repository.Value.ToShape(cx) };
    }
}
