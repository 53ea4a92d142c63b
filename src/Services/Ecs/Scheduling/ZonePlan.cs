namespace Longspan.Services.Ecs.Scheduling;

/// <summary>A task of a service that is at rest, and the zone of its instance.</summary>
/// <param name="Order">Age: the youngest moves first.</param>
internal readonly record struct ZonedTask(string Id, string Zone, long Order, bool Protected = false);

/// <summary>One task to be replaced by one in another zone.</summary>
internal readonly record struct ZoneMove(string TaskId, string From, string To);

/// <summary>
/// Keeps a service spread over zones, one move at a time. Pure: from where its tasks are and which zones have room it names the next move,
/// or none when no zone has two tasks more than another that could take one. Each move makes the difference smaller, so the moves end.
/// </summary>
internal static class ZonePlan
{
    public static ZoneMove? Next(IReadOnlyList<ZonedTask> tasks, IEnumerable<string> zonesWithRoom)
    {
        var counts = tasks.CountBy(t => t.Zone).ToDictionary(StringComparer.Ordinal);
        var target = zonesWithRoom.Distinct(StringComparer.Ordinal)
            .OrderBy(counts.GetValueOrDefault).ThenBy(z => z, StringComparer.Ordinal).Select(z => (Zone: z, Count: counts.GetValueOrDefault(z))).ToList();
        if (target.Count == 0)
        {
            return null;
        }
        // A zone of protected tasks alone gives nothing up; the next fullest may.
        return From(tasks, counts, target[0].Count + 2) is { } task ? new ZoneMove(task.Id, task.Zone, target[0].Zone) : null;
    }

    /// <summary>The task whose successor has started: the one to give up, in the fullest zone. Null when none may go.</summary>
    public static string? Surplus(IReadOnlyList<ZonedTask> tasks) =>
        From(tasks, tasks.CountBy(t => t.Zone).ToDictionary(StringComparer.Ordinal), 1)?.Id;

    private static ZonedTask? From(IReadOnlyList<ZonedTask> tasks, Dictionary<string, int> counts, int atLeast)
    {
        foreach (var zone in counts.Where(c => c.Value >= atLeast).OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal))
        {
            foreach (var task in tasks.Where(t => t.Zone == zone.Key && !t.Protected).OrderByDescending(t => t.Order))
            {
                return task;
            }
        }
        return null;
    }
}
