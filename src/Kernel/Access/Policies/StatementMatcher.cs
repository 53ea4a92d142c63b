namespace Longspan.Kernel.Access.Policies;

/// <summary>One statement, prepared: what can be worked out once has been, and asking it allocates nothing.</summary>
internal sealed class StatementMatcher
{
    private readonly PolicyPattern[] _actions;
    private readonly PolicyPattern[] _resources;
    private readonly ConditionMatcher[] _conditions;

    public StatementMatcher(PolicyStatement statement, bool hasVariables)
    {
        Statement = statement;
        _actions = [.. statement.Actions.Select(a => new PolicyPattern(a, hasWildcards: true, hasVariables: false, ignoreCase: true))];
        _resources = [.. statement.Resources.Select(r => new PolicyPattern(r, hasWildcards: true, hasVariables))];
        _conditions = [.. statement.Conditions.Select(c => new ConditionMatcher(c, hasVariables))];
    }

    public PolicyStatement Statement { get; }

    /// <summary>The keys that the statement's resources and conditions may ask for.</summary>
    public IEnumerable<ConditionKey> Keys => _resources.SelectMany(r => r.Keys).Concat(_conditions.SelectMany(c => c.Keys));

    /// <summary>
    /// Whether action, resource and conditions are those of the question; principals are not looked at. What cannot be decided counts
    /// against the caller: as failed in an allow, as met in a deny.
    /// </summary>
    public bool Applies(AccessContext context) => NamesAction(context) && NamesResource(context) && ConditionsHold(context);

    /// <summary>The keys that the question would have to have for the statement to be decided, if action and resource are its own.</summary>
    public IEnumerable<ConditionKey> MissingKeys(AccessContext context) =>
        NamesAction(context) && NamesResource(context) ? Keys.Where(k => context.Find(k).Count == 0) : [];

    private bool NamesAction(AccessContext context)
    {
        foreach (var pattern in _actions)
        {
            if (pattern.Matches(context.Demand.Action, context) is true)
            {
                return !Statement.ActionsInverted;
            }
        }
        return Statement.ActionsInverted;
    }

    private bool NamesResource(AccessContext context)
    {
        if (_resources.Length == 0)
        {
            return true;
        }
        var isUnclear = false;
        foreach (var pattern in _resources)
        {
            switch (pattern.Matches(context.Demand.Resource, context))
            {
                case true:
                    return !Statement.ResourcesInverted;
                case null:
                    isUnclear = true;
                    break;
            }
        }
        return Statement.ResourcesInverted && !(isUnclear && Statement.IsAllow);
    }

    private bool ConditionsHold(AccessContext context)
    {
        foreach (var condition in _conditions)
        {
            if (!(condition.Holds(context) ?? !Statement.IsAllow))
            {
                return false;
            }
        }
        return true;
    }
}
