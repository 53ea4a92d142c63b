using Longspan.Api.SecretsManager;
using Longspan.Kernel;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class ListSecretVersionIds
{
    private const int LargestPage = 100;

    public static async ValueTask<ListSecretVersionIdsResponse> HandleAsync(
        SecretsManagerContext cx, ListSecretVersionIdsRequest request, CancellationToken stop)
    {
        var size = Limits.PageSize(request.MaxResults, LargestPage);
        if (!PageToken.TryDecode(request.NextToken, out var after))
        {
            throw SecretsManagerFaults.NextToken();
        }
        var secret = (await cx.RequireAnyAsync(request.SecretId, stop)).Value;
        var versions = secret.Versions
            .Where(v => request.IncludeDeprecated == true || v.Value.Stages.Count > 0)
            .Select(v => (Key: $"{v.Value.CreatedAt.UtcTicks:D19}\n{v.Key}", Version: v))
            .Where(v => after is null || string.CompareOrdinal(v.Key, after) > 0)
            .OrderBy(v => v.Key, StringComparer.Ordinal).Take(size + 1).ToList();
        return new ListSecretVersionIdsResponse
        {
            ARN = cx.ArnOf(secret),
            Name = secret.Name,
            Versions = [.. versions.Take(size).Select(v => v.Version.Value.ToEntry(v.Version.Key))],
            NextToken = versions.Count > size ? PageToken.Encode(versions[size - 1].Key) : null,
        };
    }
}
