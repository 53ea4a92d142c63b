using Longspan.Api.Ssm;

namespace Longspan.Services.Ssm.Rules;

internal static class SsmTags
{
    private const int Maximum = 50;

    public static Dictionary<string, string> Read(List<Tag>? tags)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in tags ?? [])
        {
            if (tag.Key is not { Length: >= 1 and <= 128 } || tag.Value is not { Length: <= 256 })
            {
                throw SsmFaults.Validation("A tag has a key of 1 to 128 and a value of at most 256 characters.");
            }
            if (tag.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw SsmFaults.Validation("Tag keys that start with aws: are reserved.");
            }
            read[tag.Key] = tag.Value;
        }
        return read.Count <= Maximum
            ? read
            : throw SsmFaults.Validation($"A resource may not have more than {Maximum} tags.");
    }

    public static List<Tag>? ToShape(IReadOnlyDictionary<string, string> tags) =>
        tags.Count == 0 ? null : [.. tags.Select(t => new Tag { Key = t.Key, Value = t.Value })];
}
