using Longspan.Api.Kms;

namespace Longspan.Services.Kms.Rules;

internal static class KmsTags
{
    private const int Maximum = 50;

    /// <summary>The tags with those of a request added or replaced.</summary>
    public static IReadOnlyDictionary<string, string> Add(IReadOnlyDictionary<string, string> present, List<Tag>? tags)
    {
        var all = new Dictionary<string, string>(present, StringComparer.Ordinal);
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tag in tags ?? [])
        {
            if (tag.TagKey is not { Length: >= 1 and <= 128 } key || tag.TagValue is not { Length: <= 256 } value)
            {
                throw KmsFaults.Constraint("tags", "A tag has a key of 1 to 128 and a value of at most 256 characters");
            }
            if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw new TagException("Tags beginning with aws: are reserved");
            }
            if (!named.Add(key))
            {
                throw new TagException("Duplicate tag keys");
            }
            all[key] = value;
        }
        return all.Count <= Maximum ? all : throw new LimitExceededException("Too many tags");
    }

    public static IReadOnlyDictionary<string, string> Remove(IReadOnlyDictionary<string, string> present, List<string>? keys) =>
        present.Where(tag => keys?.Contains(tag.Key) != true).ToDictionary(StringComparer.Ordinal);

    public static List<Tag> ToShape(IEnumerable<KeyValuePair<string, string>> tags) =>
        [.. tags.Select(tag => new Tag { TagKey = tag.Key, TagValue = tag.Value })];
}
