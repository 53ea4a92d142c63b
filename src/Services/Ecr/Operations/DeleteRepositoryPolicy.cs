using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class DeleteRepositoryPolicy
{
    public static async ValueTask<DeleteRepositoryPolicyResponse> HandleAsync(EcrContext cx, DeleteRepositoryPolicyRequest request, CancellationToken stop)
    {
        string? removed = null;
        var repository = await RepositoryChange.ApplyAsync(
            cx, () => cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop),
            old =>
            {
                removed = old.Policy ?? throw RepositoryPolicies.Missing(cx, old.Name);
                return old with { Policy = null };
            }, stop);
        return new()
        {
            RegistryId = cx.AccountId, RepositoryName = repository.Name, PolicyText = await cx.Call.Cloud.Principals.ShowAsync(removed!, stop),
        };
    }
}
