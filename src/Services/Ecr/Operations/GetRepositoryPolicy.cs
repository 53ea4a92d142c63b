using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class GetRepositoryPolicy
{
    public static async ValueTask<GetRepositoryPolicyResponse> HandleAsync(EcrContext cx, GetRepositoryPolicyRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value;
        var policy = repository.Policy ?? throw RepositoryPolicies.Missing(cx, repository.Name);
        return new() { RegistryId = cx.AccountId, RepositoryName = repository.Name, PolicyText = await cx.Call.Cloud.Principals.ShowAsync(policy, stop) };
    }
}
