using System.Globalization;
using Longspan.Api.Shapes;
using Longspan.Kernel;

namespace Longspan.Services.Ssm.Rules;

/// <summary>A parameter as a request names it: by name or ARN, perhaps with <c>:version</c> or <c>:label</c> behind it.</summary>
/// <param name="Selector">As written, colon included; null without one.</param>
internal sealed record ParameterReference(string Name, string? Selector)
{
    /// <summary>The selector as a version; null when there is none or it is a label.</summary>
    public long? Version =>
        Selector is not null && long.TryParse(Selector.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
}

internal static class ParameterNames
{
    public const int MaximumLength = 1011;
    private const int MaximumReferenceLength = 2048;
    private const int MaximumDepth = 15;

    /// <summary>Refuses what cannot be the name of a parameter that a user makes.</summary>
    public static string CheckNew(string name)
    {
        name = name.Trim();
        if (name.Length is 0 or > MaximumLength)
        {
            throw SsmFaults.Constraint("name", name, $"Member must have length between 1 and {MaximumLength}, inclusive");
        }
        if (name.Contains('/', StringComparison.Ordinal) && name[0] != '/')
        {
            throw SsmFaults.Validation("Parameter name must be a fully qualified name.");
        }
        var bare = name.TrimStart('/');
        if (IsReserved(bare, "aws"))
        {
            throw new AwsError("AccessDeniedException", $"No access to reserved parameter name: {name}.");
        }
        if (IsReserved(bare, "ssm") || !IsWellFormed(name))
        {
            throw SsmFaults.Validation(
                "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by "
                + "slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_");
        }
        if (name.Count(c => c == '/') > MaximumDepth)
        {
            throw new Api.Ssm.HierarchyLevelLimitExceededException(
                $"A hierarchy can have a maximum of {MaximumDepth} levels.");
        }
        return name;
    }

    /// <summary>The path of a hierarchy without a slash at its end, except for the root itself.</summary>
    public static string CheckPath(string path) =>
        path.Length is > 0 and <= MaximumReferenceLength && path[0] == '/' && (path == "/" || IsWellFormed(path.TrimEnd('/')))
            ? path.Length == 1 ? path : path.TrimEnd('/')
            : throw SsmFaults.Validation(
                "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be "
                + "prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), "
                + "- (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "
                + "\"/\". Valid example: /get/parameters2-/by1./path0_.");

    /// <summary>Null when the text cannot name any parameter of this caller's account in this region.</summary>
    public static ParameterReference? TryReference(CallContext call, string text)
    {
        if (text.Length is 0 or > MaximumReferenceLength)
        {
            return null;
        }
        if (Arn.TryParse(text, out _))
        {
            // Whole, so that the same name in another account, region or partition stays another parameter.
            var own = call.Arn("ssm", "parameter").ToString();
            if (!text.StartsWith(own + "/", StringComparison.Ordinal))
            {
                return null;
            }
            // A name without a hierarchy has no slash of its own in the ARN.
            var path = text[own.Length..];
            text = path.IndexOf('/', 1) < 0 ? path[1..] : path;
        }
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        return IsWellFormed(name) ? new ParameterReference(name, colon < 0 ? null : text[colon..]) : null;
    }

    public static string ArnOf(CallContext call, string name) =>
        call.Arn("ssm", name[0] == '/' ? "parameter" + name : "parameter/" + name).ToString();

    private static bool IsReserved(string bare, string prefix) => bare.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static bool IsWellFormed(string name) =>
        name.Length > 0 && name[^1] != '/' && !name.Contains("//", StringComparison.Ordinal)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/');
}
