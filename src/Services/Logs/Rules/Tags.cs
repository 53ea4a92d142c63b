using Longspan.Api.Logs;

namespace Longspan.Services.Logs.Rules;

internal static class Tags
{
    public const int MaximumTags = 50;
    private const int MaximumKey = 128;
    private const int MaximumValue = 256;

    /// <summary>What a resource carries after these tags are put on it.</summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> present, Dictionary<string, string> added, string resource)
    {
        var tags = new SortedDictionary<string, string>(present.ToDictionary(), StringComparer.Ordinal);
        foreach (var (key, value) in added)
        {
            Check(key, value);
            tags[key] = value;
        }
        return tags.Count <= MaximumTags
            ? tags
            : throw new TooManyTagsException($"A resource can have no more than {MaximumTags} tags.", new TooManyTagsExceptionDetail { ResourceName = resource });
    }

    public static IReadOnlyDictionary<string, string> Without(IReadOnlyDictionary<string, string> present, List<string> keys)
    {
        var tags = new SortedDictionary<string, string>(present.ToDictionary(), StringComparer.Ordinal);
        keys.ForEach(key => tags.Remove(key));
        return tags;
    }

    private static void Check(string key, string value)
    {
        if (key.Length is 0 or > MaximumKey)
        {
            throw LogsFaults.Constraint("tags", key, $"Map keys must have length between 1 and {MaximumKey}");
        }
        if (value.Length > MaximumValue)
        {
            throw LogsFaults.Constraint("tags", value, $"Map values must have length less than or equal to {MaximumValue}");
        }
        if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidParameterException("Tag keys starting with 'aws:' are reserved for system use.");
        }
    }
}
