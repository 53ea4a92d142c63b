using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>Labels of a parameter's versions. A label is on one version of a parameter at a time.</summary>
internal static class ParameterLabels
{
    private const int MaximumOnVersion = 10;
    private const int MaximumLength = 100;

    public static List<string> Check(List<string>? labels) => labels is { Count: > 0 and <= MaximumOnVersion }
        ? labels.Distinct(StringComparer.Ordinal).ToList()
        : throw SsmFaults.Constraint("labels", $"[{labels?.Count ?? 0} items]", $"Member must have length between 1 and {MaximumOnVersion}, inclusive");

    public static bool IsWellFormed(string label) =>
        label.Length is > 0 and <= MaximumLength && !char.IsAsciiDigit(label[0])
        && !label.StartsWith("aws", StringComparison.OrdinalIgnoreCase) && !label.StartsWith("ssm", StringComparison.OrdinalIgnoreCase)
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>The parameter with these labels on one version, taken from wherever they were.</summary>
    public static ParameterDocument With(ParameterDocument parameter, long version, IEnumerable<string> labels)
    {
        var changed = parameter.Labels.ToDictionary();
        foreach (var label in labels)
        {
            changed[label] = version;
        }
        return changed.Values.Count(v => v == version) <= MaximumOnVersion
            ? parameter with { Labels = changed }
            : throw new ParameterVersionLabelLimitExceeded(
                "A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.");
    }

    public static async ValueTask RequireVersionAsync(SsmContext cx, ParameterDocument parameter, long version, CancellationToken stop)
    {
        if (version != parameter.Version && await Parameters.VersionAsync(cx, parameter.Name, version, stop) is null)
        {
            throw Parameters.NoSuchVersion(parameter.Name, $"{version}");
        }
    }
}
