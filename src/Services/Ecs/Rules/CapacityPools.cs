using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>A strategy with what its providers are: the launch type that tasks on each of them have.</summary>
internal sealed record TaskCapacity(CapacityStrategy Strategy, IReadOnlyDictionary<string, string> LaunchTypes)
{
    /// <summary>The tag that turns a strategy into an overflow strategy, on a service, on a task that is run, or on their cluster.</summary>
    public const string StrategyTag = "longspan:strategy";
    public const string OverflowValue = "overflow";
    /// <summary>The tag by which an overflow service is moved back to preferred capacity as it becomes free.</summary>
    public const string RebalanceTag = "longspan:rebalance";
    public const string RebalanceValue = "gentle";

    public static bool IsOverflow(IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> cluster) =>
        (own.TryGetValue(StrategyTag, out var value) || cluster.TryGetValue(StrategyTag, out value))
        && string.Equals(value, OverflowValue, StringComparison.OrdinalIgnoreCase);

    public static async ValueTask<TaskCapacity> LoadAsync(
        DocumentLog documents, string accountScope, IReadOnlyList<CapacityProviderStrategyItem> items, bool overflow, CancellationToken stop)
    {
        var launchTypes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in items.Select(i => i.CapacityProvider!))
        {
            launchTypes[name] = CapacityProviderDocument.IsPredefined(name)
                ? Rules.LaunchTypes.Fargate
                : (await documents.GetAsync(EcsKinds.CapacityProvider, accountScope, name, stop))?.Value.LaunchType ?? Rules.LaunchTypes.Ec2;
        }
        // Kept by an earlier release, which took strategies without a weight: all of it counts alike.
        var weightless = items.All(i => i.Weight is null or 0);
        return new TaskCapacity(
            new CapacityStrategy(
                [.. items.Select(i => new StrategyItem(i.CapacityProvider!, i.Base ?? 0, weightless ? 1 : i.Weight ?? 0))], overflow), launchTypes);
    }
}

/// <summary>
/// Finds places for tasks of one kind, one after the other: by their capacity provider strategy if they have one, else among their launch
/// type's instances. A provider that once had no room is not asked again, because within one plan room only shrinks.
/// </summary>
internal sealed class TaskPlacer
{
    private static readonly string?[] NoProvider = [null];

    private readonly ClusterCapacity _capacity;
    private readonly TaskTemplate _template;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<string, int> _counts;
    private readonly Dictionary<string, PlacementDecision> _full = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlacementRequest> _requests = new(StringComparer.Ordinal);

    /// <param name="counts">How many tasks each provider has already, of those among which the strategy divides.</param>
    public TaskPlacer(ClusterCapacity capacity, TaskTemplate template, DateTimeOffset now, IReadOnlyDictionary<string, int>? counts = null)
    {
        (_capacity, _template, _now) = (capacity, template, now);
        _counts = new Dictionary<string, int>(counts ?? new Dictionary<string, int>(), StringComparer.Ordinal);
    }

    /// <summary>Plans one more task, or says why there is no room: for the provider that it should have gone to.</summary>
    public PlacementDecision PlaceNew(out TaskTemplate chosen) => Place(null, out chosen);

    /// <summary>Plans a task that waits. It stays with its provider, except in an overflow strategy.</summary>
    public PlacementDecision PlaceWaiting(Document<TaskDocument> waiting, out TaskTemplate chosen)
    {
        if (waiting.Value.CapacityProvider is { } own)
        {
            _counts[own] = Math.Max(0, _counts.GetValueOrDefault(own) - 1);
        }
        return Place(waiting, out chosen);
    }

    /// <summary>Plans a task without a place: it is PROVISIONING until there is one.</summary>
    public void Wait(TaskTemplate chosen, WaitingRecord? record) => _capacity.PlanWaiting(chosen, record, _now);

    private PlacementDecision Place(Document<TaskDocument>? waiting, out TaskTemplate chosen)
    {
        var candidates = Candidates(waiting);
        chosen = For(candidates[0]);
        PlacementDecision? first = null;
        foreach (var provider in candidates)
        {
            var template = For(provider);
            var decision = _full.TryGetValue(provider ?? "", out var full) ? full : TryPlace(template, waiting);
            if (decision.IsPlaced)
            {
                chosen = template;
                Count(provider);
                return decision;
            }
            _full[provider ?? ""] = decision;
            first ??= decision;
        }
        Count(candidates[0]);
        return first!.Value;
    }

    private IReadOnlyList<string?> Candidates(Document<TaskDocument>? waiting) =>
        _template.Capacity is not { Strategy: var strategy } ? NoProvider
        : waiting?.Value.CapacityProvider is { } own && !strategy.Overflow ? [own]
        : (IReadOnlyList<string?>)strategy.Candidates(_counts);

    private PlacementDecision TryPlace(TaskTemplate template, Document<TaskDocument>? waiting)
    {
        if (!_requests.TryGetValue(template.LaunchType, out var request))
        {
            request = _requests[template.LaunchType] = template.Request();
        }
        return _capacity.Plan(template, request, _now, waiting);
    }

    private TaskTemplate For(string? provider) => provider is null ? _template : _template with
    {
        CapacityProvider = provider,
        LaunchType = _template.Capacity?.LaunchTypes.GetValueOrDefault(provider) ?? _template.LaunchType,
    };

    private void Count(string? provider)
    {
        if (provider is not null)
        {
            _counts[provider] = _counts.GetValueOrDefault(provider) + 1;
        }
    }
}
