using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Rules;

/// <summary>Tags: keys are unique regardless of case, and keep the case in which they came last.</summary>
internal static class IamTags
{
    public static Dictionary<string, string> Read(List<Tag>? tags, string quota) =>
        Merge(new Dictionary<string, string>(), tags, quota);

    /// <param name="quota">As IAM names the limit: <c>TagsPerRole</c>.</param>
    public static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> known, List<Tag>? added, string quota)
    {
        if (added is { Count: > 0 } && added.DistinctBy(t => t.Key, StringComparer.OrdinalIgnoreCase).Count() != added.Count)
        {
            throw new InvalidInputException("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        }
        var merged = new Dictionary<string, string>(known, StringComparer.OrdinalIgnoreCase);
        foreach (var tag in added ?? [])
        {
            Check(tag);
            merged.Remove(tag.Key!);
            merged.Add(tag.Key!, tag.Value!);
        }
        return merged.Count <= IamLimits.TagsPerResource ? merged : throw IamFaults.Quota(quota, IamLimits.TagsPerResource);
    }

    public static Dictionary<string, string> Without(IReadOnlyDictionary<string, string> known, List<string>? keys)
    {
        var left = new Dictionary<string, string>(known, StringComparer.OrdinalIgnoreCase);
        foreach (var key in keys ?? [])
        {
            left.Remove(key);
        }
        return left;
    }

    /// <summary>Null for none: answers leave the member out then.</summary>
    public static List<Tag>? ToShape(IReadOnlyDictionary<string, string> tags) => tags.Count == 0 ? null : ToList(tags);

    public static List<Tag> ToList(IReadOnlyDictionary<string, string> tags) =>
        [.. tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => new Tag { Key = t.Key, Value = t.Value })];

    private static void Check(Tag tag)
    {
        if (tag.Key is not { Length: >= 1 and <= 128 })
        {
            throw IamFaults.Constraint("tags.member.key", tag.Key, "Member must have length between 1 and 128, inclusive");
        }
        if (tag.Value is not { Length: <= 256 })
        {
            throw IamFaults.Constraint("tags.member.value", tag.Value, "Member must have length less than or equal to 256");
        }
        if (tag.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidInputException("Caller is not allowed to specify tags with the aws: prefix.");
        }
    }
}
