namespace Longspan.Services.Ecs.Scheduling;

/// <summary>One element of a capacity provider strategy: at least <paramref name="Base"/> tasks, then a share by <paramref name="Weight"/>.</summary>
internal readonly record struct StrategyItem(string Provider, int Base, int Weight);

/// <summary>
/// Which capacity provider the next task goes to. A pure function of the strategy and of how many tasks each provider has already, so a
/// replacement restores the shares, and two deciders agree.
/// <para>
/// As on AWS a task belongs to one provider: the one whose base is not filled, else the one that is furthest below its share by weight; when
/// that has no room the task waits for it. An <b>overflow</b> strategy tries all: the base first, then in the order in which they are
/// written, so later providers take only what earlier ones have no room for.
/// </para>
/// </summary>
internal sealed record CapacityStrategy(IReadOnlyList<StrategyItem> Items, bool Overflow = false)
{
    /// <summary>The providers to try for the next task, best first. Never empty for a strategy with a base or a weight.</summary>
    public IReadOnlyList<string> Candidates(IReadOnlyDictionary<string, int> counts)
    {
        var first = Items.Where(i => counts.GetValueOrDefault(i.Provider) < i.Base).Select(i => i.Provider);
        var weighted = Items.Where(i => i.Weight > 0);
        return Overflow
            ? [.. first.Concat(weighted.Select(i => i.Provider)).Distinct(StringComparer.Ordinal)]
            : [.. first.Concat(weighted.OrderBy(i => Load(i, counts)).Select(i => i.Provider)).Take(1)];
    }

    /// <summary>How far down the order the provider is, for an overflow strategy: 0 for the preferred one, and for a base that it fills.</summary>
    public int Rank(string? provider, IReadOnlyDictionary<string, int> counts)
    {
        var place = 0;
        foreach (var item in Items.Where(i => i.Weight > 0 || i.Base > 0))
        {
            if (item.Provider == provider)
            {
                return counts.GetValueOrDefault(item.Provider) <= item.Base ? 0 : place;
            }
            place += item.Weight > 0 ? 1 : 0;
        }
        return place;
    }

    /// <summary>The task to move back first when earlier capacity has room: the last of those on the latest provider; null when none is late.</summary>
    public string? Misplaced(IReadOnlyList<(string Id, string? Provider)> oldestFirst, IReadOnlyDictionary<string, int> counts) =>
        oldestFirst.Select((t, order) => (t.Id, Rank: Rank(t.Provider, counts), order)).Where(t => t.Rank > 0)
            .OrderByDescending(t => t.Rank).ThenByDescending(t => t.order).Select(t => t.Id).FirstOrDefault();

    // The share that the provider would have of its weight with one task more. Ties go to the one that is written first: the order is stable.
    private static double Load(StrategyItem item, IReadOnlyDictionary<string, int> counts) =>
        (Math.Max(0, counts.GetValueOrDefault(item.Provider) - item.Base) + 1) / (double)item.Weight;
}
