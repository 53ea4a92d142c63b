using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>Filters of <c>DescribeParameters</c> and <c>GetParametersByPath</c>. All must hold; of a filter's values, any.</summary>
internal static class ParameterFilters
{
    public const string Label = "Label";
    private const string TagPrefix = "tag:";
    private const int MaximumValues = 50;
    private static readonly string[] s_types = ["String", "StringList", "SecureString"];

    public static Func<ParameterDocument, bool> Read(List<ParameterStringFilter>? filters, bool byPath)
    {
        if (filters?.GroupBy(f => f.Key).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new InvalidFilterKey(
                $"The following filter is duplicated in the request: {twice.Key}. A request can contain only one occurrence of a specific filter.");
        }
        var tests = (filters ?? []).ConvertAll(f => Read(f, byPath));
        return parameter => tests.TrueForAll(t => t(parameter));
    }

    /// <summary>The older spelling, of <c>DescribeParameters</c> alone: names match by prefix.</summary>
    public static Func<ParameterDocument, bool> ReadOlder(List<ParametersFilter>? filters)
    {
        var tests = (filters ?? []).ConvertAll(f => Read(
            new ParameterStringFilter { Key = f.Key, Values = f.Values, Option = f.Key == "Name" ? "BeginsWith" : "Equals" }, byPath: false));
        return parameter => tests.TrueForAll(t => t(parameter));
    }

    private static Func<ParameterDocument, bool> Read(ParameterStringFilter filter, bool byPath)
    {
        var key = filter.Key!;
        var values = filter.Values ?? [];
        if (byPath && key is not ("Type" or "KeyId" or "Label"))
        {
            throw new InvalidFilterKey($"The following filter key is not valid: {key}. Valid filter keys include: [Type, KeyId, Label].");
        }
        CheckValues(key, values);
        if (key == "Path")
        {
            return UnderPath(filter.Option ?? "OneLevel", values);
        }
        var matches = Option(key, filter.Option ?? "Equals", values);
        return key switch
        {
            "Name" => p => matches(p.Name) || matches("/" + p.Name),
            "Type" => p => matches(p.Type),
            "KeyId" => p => p.KeyId is not null && matches(p.KeyId),
            "Tier" => p => matches(p.Tier),
            "DataType" => p => matches(p.DataType),
            Label when byPath => filter.Option is null or "Equals"
                ? p => values.Exists(p.Labels.ContainsKey)
                : throw new InvalidFilterOption($"The following filter option is not valid: {filter.Option}. Valid options include: [Equals]."),
            _ when key.StartsWith(TagPrefix, StringComparison.Ordinal) && key.Length > TagPrefix.Length =>
                p => p.Tags.TryGetValue(key[TagPrefix.Length..], out var tag) && (values.Count == 0 || matches(tag)),
            _ => throw new InvalidFilterKey($"The following filter key is not valid: {key}."),
        };
    }

    private static void CheckValues(string key, List<string> values)
    {
        if (values.Count == 0 && !key.StartsWith(TagPrefix, StringComparison.Ordinal))
        {
            throw new InvalidFilterValue($"The following filter values are missing: null for filter key {key}.");
        }
        if (values.Count > MaximumValues)
        {
            throw SsmFaults.Constraint("parameterFilters", $"[{values.Count} values]", $"Member must have length between 1 and {MaximumValues}, inclusive");
        }
        if (key == "Type" && values.Find(v => !s_types.Contains(v)) is { } unknown)
        {
            throw new InvalidFilterOption($"The following filter value is not valid: {unknown}. Valid values include: [{string.Join(", ", s_types)}].");
        }
    }

    private static Func<string, bool> Option(string key, string option, List<string> values) => option switch
    {
        "Equals" => actual => values.Contains(actual),
        "BeginsWith" => actual => values.Exists(v => actual.StartsWith(v, StringComparison.Ordinal)),
        "Contains" when key == "Name" => actual => values.Exists(v => actual.Contains(v, StringComparison.Ordinal)),
        _ => throw new InvalidFilterOption($"The following filter option is not valid: {option}. Valid options include: [BeginsWith, Equals]."),
    };

    private static Func<ParameterDocument, bool> UnderPath(string option, List<string> values)
    {
        if (option is not ("OneLevel" or "Recursive"))
        {
            throw new InvalidFilterOption($"The following filter option is not valid: {option}. Valid options include: [Recursive, OneLevel].");
        }
        var paths = values.ConvertAll(ParameterNames.CheckPath);
        return p => paths.Exists(path => IsUnder(p.Name, path, option == "Recursive"));
    }

    /// <summary>Whether a name lies below a path: directly, or at any depth.</summary>
    public static bool IsUnder(string name, string path, bool recursive)
    {
        var prefix = path == "/" ? "/" : path + "/";
        // At the root, names without a hierarchy count as if they began with a slash.
        var full = name[0] == '/' ? name : "/" + name;
        return full.StartsWith(prefix, StringComparison.Ordinal) && (recursive || full.IndexOf('/', prefix.Length) < 0);
    }
}
