using Longspan.Api.Ecr;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Ecr.Operations;

internal static class SetRepositoryPolicy
{
    private const int MaximumLength = 10_240;

    public static async ValueTask<SetRepositoryPolicyResponse> HandleAsync(EcrContext cx, SetRepositoryPolicyRequest request, CancellationToken stop)
    {
        var policy = request.PolicyText ?? "";
        var (bound, unknown) = await cx.Call.Cloud.Principals.BindAsync(policy, PolicyUse.Resource, stop);
        if (unknown is not null || policy.Length > MaximumLength || PolicyReader.TryRead(policy, PolicyUse.Resource, out _) is null)
        {
            throw new InvalidParameterException("Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'");
        }
        var repository = await RepositoryChange.ApplyAsync(
            cx, () => cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop), old => old with { Policy = bound }, stop);
        return new() { RegistryId = cx.AccountId, RepositoryName = repository.Name, PolicyText = policy };
    }
}
