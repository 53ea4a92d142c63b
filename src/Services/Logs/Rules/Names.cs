using System.Buffers;
using Longspan.Kernel;

namespace Longspan.Services.Logs.Rules;

/// <summary>What groups and streams may be called, and the forms in which a group can be named.</summary>
internal static class Names
{
    public const int MaximumLength = 512;
    private const string GroupPattern = @"[\.\-_/#A-Za-z0-9]+";
    private const string StreamPattern = "[^:*]*";
    private const string ArnPrefix = "log-group:";
    private const string ArnSuffix = ":*";

    private static readonly SearchValues<char> s_group =
        SearchValues.Create(".-_/#ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    public static string RequireGroup(string? name, string member = "logGroupName")
    {
        RequireLength(name, member);
        return name.AsSpan().ContainsAnyExcept(s_group) ? throw Pattern(member, name, GroupPattern) : name!;
    }

    /// <summary>For a group that is to be made: names of the cloud's own groups are refused.</summary>
    public static string RequireNewGroup(string? name)
    {
        RequireGroup(name);
        return name!.StartsWith("aws/", StringComparison.OrdinalIgnoreCase)
            ? throw LogsFaults.Constraint("logGroupName", name, "Log groups starting with AWS/ are reserved for AWS.")
            : name;
    }

    /// <remarks>AWS's pattern lets control characters pass; they are refused here, as they could not be shown or stored as a key.</remarks>
    public static string RequireStream(string? name, string member = "logStreamName")
    {
        RequireLength(name, member);
        return IsStreamText(name!) ? name! : throw Pattern(member, name, StreamPattern);
    }

    /// <summary>Null and anything that a name can begin with.</summary>
    public static string GroupPrefix(string? prefix, string member)
    {
        if (prefix is null)
        {
            return "";
        }
        return RequireGroup(prefix, member);
    }

    public static string StreamPrefix(string? prefix, string member) => prefix is null ? "" : RequireStream(prefix, member);

    /// <summary>The name in a <c>logGroupIdentifier</c>: a name, or an ARN with or without <c>:*</c>.</summary>
    public static string GroupOfIdentifier(CallContext call, string identifier) =>
        identifier.StartsWith("arn:", StringComparison.Ordinal)
            ? NameInArn(call, identifier) ?? throw LogsFaults.NoSuchGroup()
            : RequireGroup(identifier, "logGroupIdentifier");

    public static string GroupOfArn(CallContext call, string? arn)
    {
        if (!Arn.TryParse(arn, out var parsed) || parsed.Service != "logs" || !parsed.Resource.StartsWith(ArnPrefix, StringComparison.Ordinal))
        {
            throw LogsFaults.Constraint("resourceArn", arn, "Member must be the ARN of a log group");
        }
        return NameInArn(call, arn!) ?? throw LogsFaults.NoSuchGroup();
    }

    public static string ArnOfGroup(CallContext call, string name) => call.Arn("logs", ArnPrefix + name).ToString();

    // Null when the ARN is another account's, another region's, or no log group's.
    private static string? NameInArn(CallContext call, string text)
    {
        if (!Arn.TryParse(text, out var arn) || arn.Service != "logs" || arn.Region != call.Region || arn.AccountId != call.AccountId
            || !arn.Resource.StartsWith(ArnPrefix, StringComparison.Ordinal))
        {
            return null;
        }
        var name = arn.Resource[ArnPrefix.Length..];
        name = name.EndsWith(ArnSuffix, StringComparison.Ordinal) ? name[..^ArnSuffix.Length] : name;
        return name.Length is 0 or > MaximumLength || name.AsSpan().ContainsAnyExcept(s_group) ? null : name;
    }

    private static void RequireLength(string? name, string member)
    {
        if (name is null)
        {
            throw LogsFaults.Constraint(member, null, "Member must not be null");
        }
        if (name.Length is 0 or > MaximumLength)
        {
            throw LogsFaults.Constraint(member, name, $"Member must have length {(name.Length == 0 ? "greater than or equal to 1" : $"less than or equal to {MaximumLength}")}");
        }
    }

    private static bool IsStreamText(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            if (c is ':' or '*' || char.IsControl(c) || char.IsLowSurrogate(c))
            {
                return false;
            }
            if (char.IsHighSurrogate(c) && (++i == name.Length || !char.IsLowSurrogate(name[i])))
            {
                return false;
            }
        }
        return true;
    }

    private static Api.Logs.InvalidParameterException Pattern(string member, string? name, string pattern) =>
        LogsFaults.Constraint(member, name, $"Member must satisfy regular expression pattern: {pattern}");
}
