using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Services.Ecr.Rules;

namespace Longspan.Services.Ecr.Operations;

internal static class PutImageTagMutability
{
    public static async ValueTask<PutImageTagMutabilityResponse> HandleAsync(EcrContext cx, PutImageTagMutabilityRequest request, CancellationToken stop)
    {
        var mutability = Mutability.Require(request.ImageTagMutability ?? "");
        var repository = await RepositoryChange.ApplyAsync(
            cx, () => cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop), old => old with { ImageTagMutability = mutability }, stop);
        return new() { RegistryId = cx.AccountId, RepositoryName = repository.Name, ImageTagMutability = mutability };
    }
}
