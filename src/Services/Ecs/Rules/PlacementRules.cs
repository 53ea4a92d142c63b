using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What AWS accepts as placement constraints and strategies.</summary>
internal static class PlacementRules
{
    public const int MaximumConstraints = 10;
    public const int MaximumStrategies = 5;

    public static ClusterQuery Query(string? expression) =>
        ClusterQuery.TryParse(expression, out var query, out var error)
            ? query
            : throw new InvalidParameterException($"Invalid expression in placement constraint: {expression} ({error})");

    public static void Check(int constraints, IReadOnlyList<PlacementStrategy> strategies)
    {
        CheckCount(constraints);
        if (strategies.Count > MaximumStrategies)
        {
            throw new InvalidParameterException($"Placement strategies can have at most {MaximumStrategies} items.");
        }
        foreach (var strategy in strategies)
        {
            var understood = strategy.Type switch
            {
                null or "random" => true,
                "binpack" => Is(strategy.Field, "cpu") || Is(strategy.Field, "memory"),
                "spread" => ClusterQuery.IsSpreadField(strategy.Field),
                _ => false,
            };
            if (!understood)
            {
                throw new InvalidParameterException($"Invalid placement strategy: {strategy.Type} over '{strategy.Field}'.");
            }
        }
    }

    /// <summary>The rule as placement reads it: AWS takes CPU and MEMORY in either case.</summary>
    public static PlacementRule Rule(PlacementStrategy strategy) => new(
        strategy.Type ?? "random", strategy.Type == "binpack" && Is(strategy.Field, "cpu") ? "cpu" : strategy.Field ?? "");

    /// <summary>The constraints of a task definition: memberOf alone.</summary>
    public static void Check(IReadOnlyList<TaskDefinitionPlacementConstraint>? constraints)
    {
        CheckCount(constraints?.Count ?? 0);
        foreach (var constraint in constraints ?? [])
        {
            if (constraint.Type is not "memberOf")
            {
                throw new InvalidParameterException($"Invalid placement constraint type: {constraint.Type}.");
            }
            _ = Query(constraint.Expression);
        }
    }

    private static void CheckCount(int constraints)
    {
        if (constraints > MaximumConstraints)
        {
            throw new InvalidParameterException($"Placement constraints can have at most {MaximumConstraints} items.");
        }
    }

    private static bool Is(string? field, string name) => string.Equals(field, name, StringComparison.OrdinalIgnoreCase);
}
