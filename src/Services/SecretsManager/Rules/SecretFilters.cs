using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>
/// Filters of <c>ListSecrets</c> and <c>BatchGetSecretValue</c>. All must hold; of a filter's values, any. Values match from the beginning; one
/// that starts with an exclamation mark must not match.
/// </summary>
internal static class SecretFilters
{
    private const int MaximumFilters = 10;
    private const int MaximumValues = 10;
    private static readonly char[] s_separators = [' ', ',', '.', '-', '_', '/', '+', '=', '@', ':', ';'];

    public static Func<SecretDocument, bool> Read(List<Filter>? filters)
    {
        if (filters?.Count > MaximumFilters)
        {
            throw SecretsManagerFaults.Constraint("filters", null, $"Member must have length less than or equal to {MaximumFilters}");
        }
        var tests = (filters ?? []).ConvertAll(Read);
        return secret => tests.TrueForAll(test => test(secret));
    }

    private static Func<SecretDocument, bool> Read(Filter filter)
    {
        if (filter.Key is null)
        {
            throw new InvalidParameterException("Invalid filter key");
        }
        if (filter.Values is not { Count: > 0 and <= MaximumValues } values)
        {
            throw new InvalidParameterException($"Invalid filter values for key: {filter.Key}");
        }
        Func<SecretDocument, string, bool> test = filter.Key switch
        {
            "name" => (s, v) => s.Name.StartsWith(v, StringComparison.Ordinal),
            "description" => (s, v) => s.Description?.StartsWith(v, StringComparison.OrdinalIgnoreCase) == true,
            "tag-key" => (s, v) => s.Tags.Keys.Any(k => k.StartsWith(v, StringComparison.Ordinal)),
            "tag-value" => (s, v) => s.Tags.Values.Any(t => t.StartsWith(v, StringComparison.Ordinal)),
            "all" => All,
            // Nothing here is replicated, nor does another service own a secret.
            "primary-region" or "owning-service" => (_, _) => false,
            _ => throw SecretsManagerFaults.Constraint(
                "filters.1.member.key", filter.Key,
                "Member must satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]"),
        };
        return secret => values.Exists(v => v.StartsWith('!') ? !test(secret, v[1..]) : test(secret, v));
    }

    private static bool All(SecretDocument secret, string value)
    {
        var words = Words(secret.Name).Concat(Words(secret.Description)).Concat(secret.Tags.SelectMany(t => Words(t.Key).Concat(Words(t.Value)))).ToList();
        return Words(value).All(asked => words.Exists(w => w.StartsWith(asked, StringComparison.OrdinalIgnoreCase)));
    }

    private static string[] Words(string? text) => text?.Split(s_separators, StringSplitOptions.RemoveEmptyEntries) ?? [];
}
