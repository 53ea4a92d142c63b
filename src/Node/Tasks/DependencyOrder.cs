using Longspan.AgentLink;

namespace Longspan.Node.Tasks;

internal enum Condition
{
    Start, Complete, Success, Healthy,
}

internal readonly record struct Dependency(string On, Condition Condition);

internal enum Readiness
{
    Waiting, Ready,
    /// <summary>The condition can no longer come true.</summary>
    Impossible,
}

/// <summary>What a task's containers wait for. Links, shared volumes and the shared network namespace are dependencies, too.</summary>
internal static class DependencyOrder
{
    public static IEnumerable<Dependency> Of(AgentTask task, AgentContainer container)
    {
        foreach (var dependency in container.DependsOn ?? [])
        {
            yield return new Dependency(dependency.ContainerName ?? "", dependency.Condition switch
            {
                "COMPLETE" => Condition.Complete,
                "SUCCESS" => Condition.Success,
                "HEALTHY" => Condition.Healthy,
                _ => Condition.Start,
            });
        }
        foreach (var link in container.Links ?? [])
        {
            yield return new Dependency(link.Split(':')[0], Condition.Start);
        }
        foreach (var from in container.VolumesFrom ?? [])
        {
            yield return new Dependency(from.SourceContainer ?? "", Condition.Start);
        }
        if (container.Name != NetworkOwner.Name && NetworkOwner.IsIn(task))
        {
            yield return new Dependency(NetworkOwner.Name, Condition.Start);
        }
    }

    /// <summary>False if a dependency names no container of the task or the dependencies form a circle.</summary>
    public static bool IsSound(AgentTask task) => Sort(task).Count == (task.Containers?.Count ?? 0);

    /// <summary>Names in an order in which they can start; those in or behind a circle are missing.</summary>
    public static IReadOnlyList<string> Sort(AgentTask task)
    {
        var sorted = new List<string>();
        var left = (task.Containers ?? []).ToList();
        while (left.FirstOrDefault(c => Declared(c).All(sorted.Contains)) is { } next)
        {
            sorted.Add(next.Name!);
            left.Remove(next);
        }
        return sorted;
    }

    public static Readiness Check(SavedTask task, SavedContainer container, DateTimeOffset now)
    {
        var result = Readiness.Ready;
        foreach (var dependency in Of(task.Task, task.Definition(container)))
        {
            var on = task.Container(dependency.On);
            var state = Check(on, dependency.Condition);
            if (state == Readiness.Waiting && dependency.Condition != Condition.Start
                && Deadline(task, on) is { } deadline && now >= deadline)
            {
                state = Readiness.Impossible;
            }
            if (state == Readiness.Impossible)
            {
                return Readiness.Impossible;
            }
            result = state == Readiness.Waiting ? Readiness.Waiting : result;
        }
        return result;
    }

    /// <summary>When those who wait for this container give up.</summary>
    public static DateTimeOffset? Deadline(SavedTask task, SavedContainer on) =>
        task.Definition(on).StartTimeout is > 0 and var seconds && on.StartedAt is { } started ? started.AddSeconds(seconds) : null;

    private static Readiness Check(SavedContainer on, Condition condition)
    {
        var ended = on.Stage == Stage.Stopped;
        return condition switch
        {
            Condition.Start => on.Stage == Stage.Running || (ended && on.Started) ? Readiness.Ready
                : ended ? Readiness.Impossible : Readiness.Waiting,
            Condition.Complete => !ended ? Readiness.Waiting : on.Started ? Readiness.Ready : Readiness.Impossible,
            Condition.Success => !ended ? Readiness.Waiting : on is { Started: true, ExitCode: 0 } ? Readiness.Ready : Readiness.Impossible,
            _ => ended ? Readiness.Impossible
                : on is { Stage: Stage.Running, Health: Engines.HealthState.Healthy } ? Readiness.Ready : Readiness.Waiting,
        };
    }

    private static IEnumerable<string> Declared(AgentContainer container) =>
        (container.DependsOn ?? []).Select(d => d.ContainerName ?? "")
            .Concat((container.Links ?? []).Select(l => l.Split(':')[0]))
            .Concat((container.VolumesFrom ?? []).Select(v => v.SourceContainer ?? ""));
}
