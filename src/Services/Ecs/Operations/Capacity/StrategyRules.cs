using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

/// <summary>What a request's capacity is: a launch type, or the items of a strategy with their launch types.</summary>
/// <param name="LaunchType">The launch type, or that of the strategy's first provider.</param>
internal sealed record CapacityChoice(
    string LaunchType, List<CapacityProviderStrategyItem>? Strategy, IReadOnlyCollection<string> LaunchTypes);

/// <summary>
/// Checks capacity provider strategies. The one restriction that is lifted: a strategy may mix Fargate with other capacity, which is what
/// overflow is about.
/// </summary>
internal static class StrategyRules
{
    public const int MaximumProviders = 20;
    public const int MaximumWeight = 1000;
    public const int MaximumBase = 100_000;

    /// <summary>The short names of providers that a cluster is to be associated with. They must exist.</summary>
    public static async ValueTask<List<string>> AssociatedAsync(EcsContext cx, IReadOnlyList<string>? references, CancellationToken stop)
    {
        var names = (references ?? []).Select(CapacityProviderRules.NameOf).Distinct(StringComparer.Ordinal).ToList();
        if (names.Count > MaximumProviders)
        {
            throw new InvalidParameterException("The maximum number of capacity providers per cluster has been exceeded.");
        }
        foreach (var name in names.Where(n => !CapacityProviderDocument.IsPredefined(n)))
        {
            if (await cx.Documents.GetAsync(EcsKinds.CapacityProvider, cx.Scope, name, stop) is null)
            {
                throw new InvalidParameterException(CapacityProviderRules.NotFound(name).Message);
            }
        }
        return names;
    }

    /// <summary>A strategy with short names, as it is kept.</summary>
    public static List<CapacityProviderStrategyItem> Declared(
        IReadOnlyList<CapacityProviderStrategyItem>? items, IReadOnlyCollection<string> associated)
    {
        var result = (items ?? []).Select(i => new CapacityProviderStrategyItem
        {
            CapacityProvider = CapacityProviderRules.NameOf(i.CapacityProvider), Base = i.Base ?? 0, Weight = i.Weight ?? 0,
        }).ToList();
        if (result.Count > MaximumProviders)
        {
            throw new InvalidParameterException($"A capacity provider strategy can contain a maximum of {MaximumProviders} capacity providers.");
        }
        if (result.DistinctBy(i => i.CapacityProvider).Count() < result.Count)
        {
            throw new InvalidParameterException(
                "A capacity provider strategy cannot contain the same capacity provider more than once. Remove the duplicate and try again.");
        }
        if (result.Any(i => !associated.Contains(i.CapacityProvider!)))
        {
            throw new InvalidParameterException(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. "
                + "Associate the capacity provider with the cluster and try again.");
        }
        if (result.Any(i => i.Weight is < 0 or > MaximumWeight))
        {
            throw new InvalidParameterException($"Invalid weight. A capacity provider's weight must be between 0 and {MaximumWeight}.");
        }
        if (result.Any(i => i.Base is < 0 or > MaximumBase))
        {
            throw new InvalidParameterException($"Invalid base. A capacity provider's base must be between 0 and {MaximumBase}.");
        }
        if (result.Count(i => i.Base > 0) > 1)
        {
            throw new InvalidParameterException(
                "Only one capacity provider in a capacity provider strategy can have a base defined. Remove the others and try again.");
        }
        return result;
    }

    /// <summary>The capacity of a task or service: what was asked, else the cluster's default strategy, else EC2.</summary>
    public static async ValueTask<CapacityChoice> ChooseAsync(
        EcsContext cx, ClusterDocument cluster, string? launchType, IReadOnlyList<CapacityProviderStrategyItem>? items, CancellationToken stop)
    {
        var asked = items is { Count: > 0 };
        if (!string.IsNullOrEmpty(launchType))
        {
            return asked
                ? throw new InvalidParameterException(
                    "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
                : new CapacityChoice(launchType, null, [launchType]);
        }
        if (!asked && cluster.Declared.DefaultCapacityProviderStrategy is not { Count: > 0 })
        {
            return new CapacityChoice(LaunchTypes.Ec2, null, [LaunchTypes.Ec2]);
        }
        var strategy = Declared(
            asked ? items : cluster.Declared.DefaultCapacityProviderStrategy, Associated(cx, cluster, asked ? items : null));
        if (strategy.All(i => i.Weight == 0))
        {
            var which = asked ? "specified" : "default";
            throw new InvalidParameterException(
                $"There are no capacity providers with a weight value greater than zero defined in the {which} capacity provider strategy. "
                + "At least one capacity provider must have a weight value greater than zero specified. "
                + "Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy and try again.");
        }
        var launchTypes = (await TaskCapacity.LoadAsync(cx.Documents, cx.Scope, strategy, false, stop)).LaunchTypes;
        return new CapacityChoice(
            launchTypes[strategy[0].CapacityProvider!], strategy,
            [.. strategy.Where(i => i.Weight > 0 || i.Base > 0).Select(i => launchTypes[i.CapacityProvider!]).Distinct()]);
    }

    // Fargate works in every cluster before anyone associates it, as it did before capacity providers were served here.
    private static List<string> Associated(EcsContext cx, ClusterDocument cluster, IReadOnlyList<CapacityProviderStrategyItem>? asked) =>
        [.. cluster.Declared.CapacityProviders ?? [], .. asked is null ? (cluster.Declared.DefaultCapacityProviderStrategy ?? []).Select(i => i.CapacityProvider!) : [],
            .. cluster.Declared.CapacityProviders is null && !cx.IsStrict ? new[] { CapacityProviderDocument.Fargate, CapacityProviderDocument.FargateSpot } : []];

    /// <summary>Whether the definition suits all of the chosen capacity, and with it the platform version.</summary>
    public static void Check(TaskDefinitionDocument definition, CapacityChoice choice, string? platformVersion = null)
    {
        if (!string.IsNullOrEmpty(platformVersion) && !choice.LaunchTypes.Contains(LaunchTypes.Fargate))
        {
            throw new InvalidParameterException($"The platform version must be null when specifying an {choice.LaunchType} launch type.");
        }
        if (platformVersion is { Length: > 0 } and not "LATEST" && !Version.TryParse(platformVersion, out _))
        {
            throw new PlatformUnknownException("The specified platform version doesn't exist.");
        }
        foreach (var launchType in choice.LaunchTypes)
        {
            TaskChecks.LaunchType(definition, launchType);
        }
    }

    public static bool Same(IReadOnlyList<CapacityProviderStrategyItem>? a, IReadOnlyList<CapacityProviderStrategyItem>? b) =>
        (a ?? []).Select(i => (i.CapacityProvider, i.Base ?? 0, i.Weight ?? 0)).SequenceEqual(
            (b ?? []).Select(i => (i.CapacityProvider, i.Base ?? 0, i.Weight ?? 0)));
}
