using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>
/// Starts tasks of a service within one plan: those that wait for capacity first, the oldest before the others, then new ones. With a
/// capacity provider strategy, what finds no place waits as PROVISIONING; without one it is not created, and the service only says why.
/// </summary>
internal sealed class ServiceStarts(
    ClusterCapacity capacity, TaskTemplate template, DateTimeOffset now, IReadOnlyDictionary<string, int> counts)
{
    /// <summary>More tasks of a service than this do not wait: they come as the first ones find a place.</summary>
    public const int MaximumWaiting = 100;

    private readonly TaskPlacer _placer = new(capacity, template, now, counts);

    /// <summary>Why the first one that found no place did not, or null. It may be asked again for more, as long as all have found one.</summary>
    public (TaskTemplate Template, PlacementDecision Place)? Start(int count, IReadOnlyList<Document<TaskDocument>> waiting)
    {
        (TaskTemplate, PlacementDecision)? refusal = null;
        foreach (var task in waiting.OrderBy(t => t.Value.CreatedAt).ThenBy(t => t.Key.Name, StringComparer.Ordinal).Take(count))
        {
            var place = _placer.PlaceWaiting(task, out var chosen);
            refusal ??= place.IsPlaced ? null : (chosen, place);
        }
        for (var i = waiting.Count; i < count; i++)
        {
            var place = _placer.PlaceNew(out var chosen);
            if (place.IsPlaced)
            {
                continue;
            }
            refusal ??= (chosen, place);
            if (template.Capacity is null || waiting.Count + capacity.Waiting.Count >= MaximumWaiting)
            {
                break;
            }
            _placer.Wait(chosen, null);
        }
        return refusal;
    }

    /// <summary>The event's text, in the words that users of ECS know.</summary>
    public static string Explain(ClusterCapacity capacity, TaskTemplate template, PlacementDecision place)
    {
        const string unable = "was unable to place a task because no container instance met all of its requirements. ";
        if (place.ClosestInstanceId is not { } closest)
        {
            var pool = capacity.Pool(template.LaunchType, template.CapacityProvider).OrderBy(i => i.Id, StringComparer.Ordinal).ToList();
            return unable + (pool.FirstOrDefault(i => !i.AgentConnected) is { } lost
                ? $"The closest matching (container-instance {lost.Id}) encountered error \"AGENT\"."
                : pool.Count > 0 ? "Reason: No container instance is active."
                : template.CapacityProvider is null
                    ? "Reason: No Container Instances were found in your cluster."
                    : "Reason: No Container Instances were found in your capacity provider.");
        }
        return unable + $"The closest matching (container-instance {closest}) " + place.Reason switch
        {
            Placement.Cpu => "has insufficient CPU units available.",
            Placement.Memory => "has insufficient memory available.",
            Placement.Ports => "is already using a port required by your task.",
            Placement.Attribute => "is missing an attribute required by your task.",
            _ => $"encountered error \"{place.Reason}\".",
        };
    }
}
