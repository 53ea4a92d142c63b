using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Services.Ecr.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecr.Operations;

internal static class CreateRepository
{
    private const int MaximumTags = 50;

    public static async ValueTask<CreateRepositoryResponse> HandleAsync(EcrContext cx, CreateRepositoryRequest request, CancellationToken stop)
    {
        var name = Names.RequireRepository(request.RepositoryName);
        var mutability = Mutability.Require(request.ImageTagMutability ?? Mutability.Mutable);
        if (request.Tags?.Count > MaximumTags)
        {
            throw new TooManyTagsException($"A repository can have at most {MaximumTags} tags.");
        }
        var repository = new RepositoryDocument(
            name, cx.Now, mutability, request.ImageScanningConfiguration?.ScanOnPush ?? false,
            (request.Tags ?? []).ToDictionary(tag => tag.Key ?? "", tag => tag.Value ?? "", StringComparer.Ordinal), Policy: null);
        if (await cx.Documents.GetAsync(EcrKinds.Repository, cx.Call.Scope, name, stop) is { Value.Deleting: true } former)
        {
            await RepositoryContents.RemoveAsync(cx.Documents, former, stop);
        }
        var result = await cx.Documents.CommitAsync(new Commit().Create(EcrKinds.Repository, cx.Call.Scope, name, repository), stop);
        return result.Committed
            ? new() { Repository = repository.ToShape(cx) }
            : throw new RepositoryAlreadyExistsException($"The repository with name '{name}' already exists in the registry with id '{cx.AccountId}'");
    }
}
