using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr;

internal static class RepositoryPolicies
{
    public static RepositoryPolicyNotFoundException Missing(EcrContext cx, string repository) =>
        new($"Repository policy does not exist for the repository with name '{repository}' in the registry with id '{cx.AccountId}'");
}
