using Longspan.Api.Iam;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Iam.Rules;

/// <summary>Checks of request members, answered in IAM's words.</summary>
internal static class IamChecks
{
    public static string Name(string member, string? value, int longest)
    {
        if (string.IsNullOrEmpty(value))
        {
            throw IamFaults.Constraint(member, value, "Member must have length greater than or equal to 1");
        }
        if (value.Length > longest)
        {
            throw IamFaults.Constraint(member, value, $"Member must have length less than or equal to {longest}");
        }
        return value.All(c => char.IsAsciiLetterOrDigit(c) || "_+=,.@-".Contains(c, StringComparison.Ordinal))
            ? value
            : throw IamFaults.Validation(
                $"The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-");
    }

    /// <summary>A path: <c>/</c> or <c>/…/</c>.</summary>
    public static string Path(string? path)
    {
        if (path is null)
        {
            return "/";
        }
        var isValid = path.Length is >= 1 and <= IamLimits.PathLength && path[0] == '/' && path[^1] == '/'
            && path.All(c => c is >= '!' and <= '~');
        return isValid
            ? path
            : throw IamFaults.Validation(
                "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.");
    }

    public static string? Description(string? text) => text?.Length > IamLimits.DescriptionLength
        ? throw IamFaults.Constraint("description", text, $"Member must have length less than or equal to {IamLimits.DescriptionLength}")
        : text;

    /// <param name="quota">As IAM names the limit: <c>ACLSizePerRole</c>.</param>
    public static string Policy(string? text, PolicyUse use, string quota, int largest)
    {
        if (string.IsNullOrEmpty(text))
        {
            throw IamFaults.Constraint("policyDocument", text, "Member must have length greater than or equal to 1");
        }
        if (PolicyReader.TryRead(text, use, out var fault) is null)
        {
            throw new MalformedPolicyDocumentException(fault);
        }
        return SizeOf(text) <= largest ? text : throw IamFaults.Quota(quota, largest);
    }

    /// <summary>The inline policies with one put among them. They have a size together.</summary>
    /// <param name="owner">As IAM names it in a refusal: <c>role deployer</c>.</param>
    public static IReadOnlyDictionary<string, string> WithInline(
        IReadOnlyDictionary<string, string> present, string name, string text, int largest, string owner)
    {
        var policies = new SortedDictionary<string, string>(present.ToDictionary(), StringComparer.Ordinal) { [name] = text };
        return policies.Values.Sum(SizeOf) <= largest
            ? policies
            : throw new LimitExceededException($"Maximum policy size of {largest} bytes exceeded for {owner}");
    }

    /// <summary>White space does not count towards a policy's size.</summary>
    public static int SizeOf(string policy) => policy.Count(c => !char.IsWhiteSpace(c));

    public static int SessionSeconds(int? seconds)
    {
        if (seconds < IamLimits.SmallestSessionSeconds)
        {
            throw IamFaults.Constraint("maxSessionDuration", seconds,
                $"Member must have value greater than or equal to {IamLimits.SmallestSessionSeconds}");
        }
        if (seconds > IamLimits.LargestSessionSeconds)
        {
            throw IamFaults.Constraint("maxSessionDuration", seconds,
                $"Member must have value less than or equal to {IamLimits.LargestSessionSeconds}");
        }
        return seconds ?? IamLimits.SmallestSessionSeconds;
    }
}
