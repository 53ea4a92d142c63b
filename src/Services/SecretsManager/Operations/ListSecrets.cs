using System.Globalization;
using Longspan.Api.SecretsManager;
using Longspan.Kernel;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class ListSecrets
{
    private const int LargestPage = 100;

    public static async ValueTask<ListSecretsResponse> HandleAsync(
        SecretsManagerContext cx, ListSecretsRequest request, CancellationToken stop)
    {
        var size = Limits.PageSize(request.MaxResults, LargestPage);
        var (page, token) = await PageAsync(cx, request, size, stop);
        return new ListSecretsResponse { SecretList = page.ConvertAll(secret => secret.ToEntry(cx)), NextToken = token };
    }

    /// <summary>A page of the secrets that the request selects, in its order, and the token of the next one.</summary>
    public static async ValueTask<(List<SecretDocument> Page, string? NextToken)> PageAsync(
        SecretsManagerContext cx, ListSecretsRequest request, int size, CancellationToken stop)
    {
        if (!PageToken.TryDecode(request.NextToken, out var after))
        {
            throw SecretsManagerFaults.NextToken();
        }
        var matches = SecretFilters.Read(request.Filters);
        var key = KeyOf(request.SortBy);
        var descending = request.SortOrder switch
        {
            null or "asc" => false,
            "desc" => true,
            _ => throw SecretsManagerFaults.Constraint("sortOrder", request.SortOrder, "Member must satisfy enum value set: [asc, desc]"),
        };
        // A place in the list is told by a secret's key with its name behind it, so it stays a place when that secret goes.
        var found = (await cx.Documents.ListAsync(SecretsManagerKinds.Secrets, cx.Scope, stop))
            .Select(d => (Key: $"{key(d.Value)}\n{d.Value.Name}", Secret: d.Value))
            .Where(s => (request.IncludePlannedDeletion == true || s.Secret.Deletion is null) && matches(s.Secret))
            .Where(s => after is null || (descending ? string.CompareOrdinal(s.Key, after) < 0 : string.CompareOrdinal(s.Key, after) > 0));
        var page = (descending ? found.OrderByDescending(s => s.Key, StringComparer.Ordinal) : found.OrderBy(s => s.Key, StringComparer.Ordinal))
            .Take(size + 1).ToList();
        return (page.Take(size).Select(s => s.Secret).ToList(), page.Count > size ? PageToken.Encode(page[size - 1].Key) : null);
    }

    private static Func<SecretDocument, string> KeyOf(string? sortBy) => sortBy switch
    {
        null or "created-date" => s => Sortable(s.CreatedAt),
        "last-accessed-date" => s => Sortable(s.AccessedOn),
        "last-changed-date" => s => Sortable(s.ChangedAt),
        "name" => _ => "",
        _ => throw SecretsManagerFaults.Constraint(
            "sortBy", sortBy, "Member must satisfy enum value set: [created-date, last-accessed-date, last-changed-date, name]"),
    };

    private static string Sortable(DateTimeOffset? time) => (time?.UtcTicks ?? 0).ToString("D19", CultureInfo.InvariantCulture);
}
