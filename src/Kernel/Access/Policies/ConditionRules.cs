using System.Globalization;

namespace Longspan.Kernel.Access.Policies;

/// <summary>
/// Condition operators. All of IAM's are known by name so that policies that use them can be stored; those that compare strings,
/// ARNs, booleans and presence are also decided here. The others answer "cannot tell", and the caller fails closed.
/// </summary>
public static class ConditionRules
{
    private static readonly HashSet<string> s_operators = new(StringComparer.OrdinalIgnoreCase)
    {
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
        "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
        "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
        "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
    };

    private static readonly HashSet<string> s_decided = new(
        s_operators.Where(o => o.StartsWith("String", StringComparison.Ordinal) || o.StartsWith("Arn", StringComparison.Ordinal)
            || o is "Bool" or "Null"),
        StringComparer.OrdinalIgnoreCase);

    public static bool IsOperator(string name) => s_operators.Contains(Plain(name, out _, out _));

    /// <summary>True or false when decided, null when the operator or a set prefix is beyond this evaluator.</summary>
    /// <param name="valueOf">A context key's value (keys know no case), or null when the request does not have it.</param>
    public static bool? Holds(PolicyCondition condition, Func<string, string?> valueOf)
    {
        var name = Plain(condition.Operator, out var ifExists, out var isSet);
        if (isSet || !s_decided.Contains(name))
        {
            return null;
        }
        var actual = valueOf(condition.Key);
        if (name.Equals("Null", StringComparison.OrdinalIgnoreCase))
        {
            return condition.Values.Any(v => v.Equals(actual is null ? "true" : "false", StringComparison.OrdinalIgnoreCase));
        }
        if (actual is null)
        {
            // A missing key fails a comparison, satisfies its negation, and satisfies anything that says IfExists.
            return ifExists || name.Contains("Not", StringComparison.OrdinalIgnoreCase);
        }
        bool Any(Func<string, bool> matches) => condition.Values.Any(matches);
        return name.ToLowerInvariant() switch
        {
            "stringequals" => Any(v => v == actual),
            "stringnotequals" => !Any(v => v == actual),
            "stringequalsignorecase" or "bool" => Any(v => v.Equals(actual, StringComparison.OrdinalIgnoreCase)),
            "stringnotequalsignorecase" => !Any(v => v.Equals(actual, StringComparison.OrdinalIgnoreCase)),
            "stringlike" or "arnlike" or "arnequals" => Any(v => Wildcards.Match(v, actual)),
            "stringnotlike" or "arnnotlike" or "arnnotequals" => !Any(v => Wildcards.Match(v, actual)),
            _ => null,
        };
    }

    private static string Plain(string name, out bool ifExists, out bool isSet)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        isSet = colon > 0 && name[..colon].ToLower(CultureInfo.InvariantCulture) is "forallvalues" or "foranyvalue";
        var plain = isSet ? name[(colon + 1)..] : name;
        ifExists = plain.EndsWith("IfExists", StringComparison.OrdinalIgnoreCase);
        return ifExists ? plain[..^"IfExists".Length] : plain;
    }
}
