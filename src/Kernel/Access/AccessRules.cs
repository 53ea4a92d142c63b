namespace Longspan.Kernel.Access;

/// <summary>What the services' access rules are written with.</summary>
public static class AccessRules
{
    /// <summary>For what every identified caller may do, or what is decided by other proof than policies.</summary>
    public static ValueTask<IReadOnlyList<AccessDemand>> None => ValueTask.FromResult<IReadOnlyList<AccessDemand>>([]);

    /// <summary>Values of condition keys; those that the request does not give are left out, as policies tell them apart by that.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Keys(params ReadOnlySpan<(string Key, string? Value)> pairs)
    {
        var keys = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in pairs)
        {
            if (value is not null)
            {
                keys[key] = [value];
            }
        }
        return keys;
    }

    /// <summary>The keys of tags that a request takes away: it names keys and no values.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> TagKeys(IReadOnlyList<string>? keys) =>
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase) { ["aws:TagKeys"] = keys ?? [] };

    public static ValueTask<IReadOnlyList<AccessDemand>> Demand(params AccessDemand[] demands) =>
        ValueTask.FromResult<IReadOnlyList<AccessDemand>>(demands);

    /// <summary>Tags as a request gives them. Of two with one key the operation itself decides; null when there are none.</summary>
    public static IReadOnlyDictionary<string, string>? Tags<T>(IEnumerable<T>? tags, Func<T, string?> key, Func<T, string?> value)
    {
        Dictionary<string, string>? read = null;
        foreach (var tag in tags ?? [])
        {
            if (key(tag) is { Length: > 0 } name)
            {
                (read ??= new Dictionary<string, string>(StringComparer.Ordinal))[name] = value(tag) ?? "";
            }
        }
        return read;
    }

    /// <summary>The same question with more values of condition keys.</summary>
    public static AccessDemand With(this AccessDemand demand, IReadOnlyDictionary<string, IReadOnlyList<string>> keys)
    {
        var all = new Dictionary<string, IReadOnlyList<string>>(demand.Keys, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, values) in keys)
        {
            all[key] = values;
        }
        return demand with { Keys = all };
    }

    /// <summary>The same question about a resource with these tags.</summary>
    /// <param name="ownKey">The service's own, older spelling of <c>aws:ResourceTag</c>, which policies still use.</param>
    public static AccessDemand Tagged(this AccessDemand demand, IReadOnlyDictionary<string, string>? tags, string ownKey) =>
        tags is not { Count: > 0 } ? demand : demand.With(Keys([.. tags.Select(t => ($"{ownKey}/{t.Key}", (string?)t.Value))])) with { ResourceTags = tags };
}
