using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class GetRepositoryPolicy
{
    public static async ValueTask<GetRepositoryPolicyResponse> HandleAsync(EcrContext cx, GetRepositoryPolicyRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value;
        return new()
        {
            RegistryId = cx.AccountId, RepositoryName = repository.Name, PolicyText = repository.Policy ?? throw RepositoryPolicies.Missing(cx, repository.Name),
        };
    }
}
