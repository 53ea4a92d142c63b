using System.Collections.Frozen;

namespace Longspan.Kernel.Access.Policies;

/// <summary>The condition operators by name.</summary>
public static class ConditionRules
{
    private const string IfExists = "IfExists";

    private static readonly FrozenDictionary<string, ConditionOperator> s_operators = new Dictionary<string, ConditionOperator>
    {
        ["StringEquals"] = new(Comparison.Text, Relation.Equal),
        ["StringNotEquals"] = new(Comparison.Text, Relation.Equal, IsNegated: true),
        ["StringEqualsIgnoreCase"] = new(Comparison.TextIgnoreCase, Relation.Equal),
        ["StringNotEqualsIgnoreCase"] = new(Comparison.TextIgnoreCase, Relation.Equal, IsNegated: true),
        ["StringLike"] = new(Comparison.TextPattern, Relation.Equal),
        ["StringNotLike"] = new(Comparison.TextPattern, Relation.Equal, IsNegated: true),
        ["NumericEquals"] = new(Comparison.Number, Relation.Equal),
        ["NumericNotEquals"] = new(Comparison.Number, Relation.Equal, IsNegated: true),
        ["NumericLessThan"] = new(Comparison.Number, Relation.Less),
        ["NumericLessThanEquals"] = new(Comparison.Number, Relation.LessOrEqual),
        ["NumericGreaterThan"] = new(Comparison.Number, Relation.Greater),
        ["NumericGreaterThanEquals"] = new(Comparison.Number, Relation.GreaterOrEqual),
        ["DateEquals"] = new(Comparison.Date, Relation.Equal),
        ["DateNotEquals"] = new(Comparison.Date, Relation.Equal, IsNegated: true),
        ["DateLessThan"] = new(Comparison.Date, Relation.Less),
        ["DateLessThanEquals"] = new(Comparison.Date, Relation.LessOrEqual),
        ["DateGreaterThan"] = new(Comparison.Date, Relation.Greater),
        ["DateGreaterThanEquals"] = new(Comparison.Date, Relation.GreaterOrEqual),
        ["Bool"] = new(Comparison.TextIgnoreCase, Relation.Equal),
        ["BinaryEquals"] = new(Comparison.Bytes, Relation.Equal),
        ["IpAddress"] = new(Comparison.Address, Relation.Equal),
        ["NotIpAddress"] = new(Comparison.Address, Relation.Equal, IsNegated: true),
        ["ArnEquals"] = new(Comparison.Arn, Relation.Equal),
        ["ArnLike"] = new(Comparison.Arn, Relation.Equal),
        ["ArnNotEquals"] = new(Comparison.Arn, Relation.Equal, IsNegated: true),
        ["ArnNotLike"] = new(Comparison.Arn, Relation.Equal, IsNegated: true),
        ["Null"] = new(Comparison.Presence, Relation.Equal),
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static bool IsOperator(string name) => TryRead(name, out _);

    /// <summary>False for an operator that is not of the language. Presence knows no <c>IfExists</c>: that would say nothing.</summary>
    internal static bool TryRead(string name, out ConditionOperator known)
    {
        var set = SetRelation.None;
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            set = name.AsSpan(0, colon).Equals("ForAllValues", StringComparison.OrdinalIgnoreCase) ? SetRelation.All
                : name.AsSpan(0, colon).Equals("ForAnyValue", StringComparison.OrdinalIgnoreCase) ? SetRelation.Any
                : SetRelation.None;
            if (set == SetRelation.None)
            {
                known = default;
                return false;
            }
            name = name[(colon + 1)..];
        }
        var ifExists = name.EndsWith(IfExists, StringComparison.OrdinalIgnoreCase);
        var plain = ifExists ? name[..^IfExists.Length] : name;
        if (!s_operators.TryGetValue(plain, out known) || (ifExists && known.Comparison == Comparison.Presence))
        {
            return false;
        }
        known = known with { Set = set, IfExists = ifExists };
        return true;
    }
}

/// <summary>What a condition's operator does. The negated ones hold when none of the policy's values matches.</summary>
internal readonly record struct ConditionOperator(
    Comparison Comparison, Relation Relation, bool IsNegated = false, SetRelation Set = SetRelation.None, bool IfExists = false);

internal enum Comparison
{
    Unknown, Text, TextIgnoreCase, TextPattern, Number, Date, Bytes, Address, Arn, Presence,
}

internal enum Relation
{
    Equal, Less, LessOrEqual, Greater, GreaterOrEqual,
}

/// <summary>Which of a key's several values must hold.</summary>
internal enum SetRelation
{
    None, All, Any,
}
