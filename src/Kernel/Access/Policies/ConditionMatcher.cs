namespace Longspan.Kernel.Access.Policies;

/// <summary>One condition, prepared: its operator and key recognised, its values parsed.</summary>
internal sealed class ConditionMatcher
{
    private readonly ConditionOperator _operator;
    private readonly ConditionValue[] _values;

    public ConditionMatcher(PolicyCondition condition, bool hasVariables)
    {
        Key = ConditionKey.Of(condition.Key);
        // A policy that names an operator nobody knows is not stored; should one turn up all the same, it cannot be decided.
        _operator = ConditionRules.TryRead(condition.Operator, out var known) ? known : new ConditionOperator(Comparison.Unknown, Relation.Equal);
        _values = [.. condition.Values.Select(v => new ConditionValue(v, _operator.Comparison, hasVariables))];
    }

    public ConditionKey Key { get; }

    /// <summary>The keys that the decision may depend on: its own and its variables'.</summary>
    public IEnumerable<ConditionKey> Keys => _values.SelectMany(v => v.Keys).Prepend(Key);

    /// <summary>Null when it cannot be decided: values that are not of the operator's type, variables without a value.</summary>
    public bool? Holds(AccessContext context)
    {
        var actual = context.Find(Key);
        return _operator.Comparison switch
        {
            Comparison.Unknown => null,
            Comparison.Presence => IsPresence(actual.Count > 0),
            // A missing key fails a comparison, satisfies its negation, and satisfies whatever says IfExists or speaks of all values.
            _ when actual.Count == 0 => _operator.IfExists || _operator.Set == SetRelation.All
                || (_operator.IsNegated && _operator.Set == SetRelation.None),
            _ => _operator.Set switch
            {
                SetRelation.All => Each(actual, context),
                SetRelation.Any => Some(actual, context),
                // Without a set relation a key should have one value. If it has several, one must match, or none when negated.
                _ => _operator.IsNegated ? Each(actual, context) : Some(actual, context),
            },
        };
    }

    private bool IsPresence(bool isPresent)
    {
        foreach (var value in _values)
        {
            if (value.Text.Equals(isPresent ? "false" : "true", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }

    private bool? Each(KeyValues actual, AccessContext context)
    {
        bool? all = true;
        for (var i = 0; i < actual.Count; i++)
        {
            switch (HoldsFor(actual[i], context))
            {
                case false:
                    return false;
                case null:
                    all = null;
                    break;
            }
        }
        return all;
    }

    private bool? Some(KeyValues actual, AccessContext context)
    {
        bool? some = false;
        for (var i = 0; i < actual.Count; i++)
        {
            switch (HoldsFor(actual[i], context))
            {
                case true:
                    return true;
                case null:
                    some = null;
                    break;
            }
        }
        return some;
    }

    private bool? HoldsFor(string actual, AccessContext context)
    {
        bool? any = false;
        foreach (var value in _values)
        {
            switch (value.Matches(actual, _operator, context))
            {
                case true:
                    return !_operator.IsNegated;
                case null:
                    any = null;
                    break;
            }
        }
        return _operator.IsNegated ? !any : any;
    }
}
