using System.Text.Json;
using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class SetRepositoryPolicy
{
    private const int MaximumLength = 10_240;

    public static async ValueTask<SetRepositoryPolicyResponse> HandleAsync(EcrContext cx, SetRepositoryPolicyRequest request, CancellationToken stop)
    {
        var policy = request.PolicyText ?? "";
        if (policy.Length > MaximumLength || !IsJsonObject(policy))
        {
            throw new InvalidParameterException("Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'");
        }
        var repository = await RepositoryChange.ApplyAsync(
            cx, () => cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop), old => old with { Policy = policy }, stop);
        return new() { RegistryId = cx.AccountId, RepositoryName = repository.Name, PolicyText = policy };
    }

    private static bool IsJsonObject(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
