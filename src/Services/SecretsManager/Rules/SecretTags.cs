using Longspan.Api.SecretsManager;

namespace Longspan.Services.SecretsManager.Rules;

internal static class SecretTags
{
    private const int Maximum = 50;
    private const int MaximumKey = 128;
    private const int MaximumValue = 256;

    /// <summary>What a secret carries after these tags are put on it.</summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> present, List<Tag>? added)
    {
        var tags = new SortedDictionary<string, string>(present.ToDictionary(), StringComparer.Ordinal);
        foreach (var tag in added ?? [])
        {
            if (tag.Key is not { Length: > 0 and <= MaximumKey })
            {
                throw SecretsManagerFaults.Constraint("tags.key", tag.Key, $"Member must have length between 1 and {MaximumKey}, inclusive");
            }
            if (tag.Value?.Length > MaximumValue)
            {
                throw SecretsManagerFaults.Constraint("tags.value", tag.Value, $"Member must have length less than or equal to {MaximumValue}");
            }
            if (tag.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidParameterException("The tag key prefix aws: is reserved for system use.");
            }
            tags[tag.Key] = tag.Value ?? "";
        }
        return tags.Count <= Maximum ? tags : throw new LimitExceededException($"A secret can have no more than {Maximum} tags.");
    }

    public static IReadOnlyDictionary<string, string> Without(IReadOnlyDictionary<string, string> present, List<string> keys)
    {
        var tags = new SortedDictionary<string, string>(present.ToDictionary(), StringComparer.Ordinal);
        keys.ForEach(key => tags.Remove(key));
        return tags;
    }
}
