using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// What AWS refuses and Longspan serves: the rules of <c>--aws-strict</c>, for people who want to know here what would fail there. All of
/// them are in this file, and none of them acts without the option.
/// </summary>
internal static class AwsStrict
{
    private const string Mixed =
        "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. "
        + "Specify one or the other and try again.";

    public static void Definition(RegisterTaskDefinitionRequest request)
    {
        var mode = request.NetworkMode;
        if (request.RequiresCompatibilities?.Contains(LaunchTypes.Fargate) is true && mode != "awsvpc")
        {
            throw new ClientException("Fargate only supports network mode ‘awsvpc’.");
        }
        if (request.RequiresCompatibilities?.Contains(LaunchTypes.External) is true && mode == "awsvpc")
        {
            throw new ClientException("External only supports network modes ‘bridge’, ‘host’ and ‘none’.");
        }
    }

    /// <summary>The capacity of a task, service or task set, with what else it asks for.</summary>
    public static void Capacity(
        TaskDefinitionDocument definition, string launchType, IReadOnlyCollection<string> launchTypes,
        IReadOnlyList<CapacityProviderStrategyItem>? strategy, IReadOnlyList<PlacementConstraint>? constraints,
        IReadOnlyList<PlacementStrategy>? placement)
    {
        if (strategy is not null && launchTypes.Contains(LaunchTypes.External))
        {
            throw new InvalidParameterException("Capacity providers are not supported with EXTERNAL launch type.");
        }
        if (strategy is not null && launchTypes.Contains(LaunchTypes.Fargate) && launchTypes.Count > 1)
        {
            throw new InvalidParameterException(Mixed);
        }
        if (launchType == LaunchTypes.Fargate)
        {
            Fargate(definition, constraints, placement);
        }
        else if (launchType == LaunchTypes.External && definition.IsAwsvpc)
        {
            throw new InvalidParameterException("The awsvpc network mode is not supported with EXTERNAL launch type.");
        }
    }

    private static void Fargate(
        TaskDefinitionDocument definition, IReadOnlyList<PlacementConstraint>? constraints, IReadOnlyList<PlacementStrategy>? placement)
    {
        if (!definition.IsAwsvpc)
        {
            throw new InvalidParameterException("Fargate only supports network mode ‘awsvpc’.");
        }
        if (constraints is { Count: > 0 })
        {
            throw new InvalidParameterException("Placement constraints are not supported with FARGATE launch type.");
        }
        if (placement is { Count: > 0 })
        {
            throw new InvalidParameterException("Placement strategies are not supported with FARGATE launch type.");
        }
    }

    public static void Endpoints(string launchType, IReadOnlyList<LoadBalancer>? loadBalancers, IReadOnlyList<ServiceRegistry>? registries)
    {
        if (launchType != LaunchTypes.External)
        {
            return;
        }
        if (loadBalancers is { Count: > 0 })
        {
            throw new InvalidParameterException("Load balancers are not supported with EXTERNAL launch type.");
        }
        if (registries is { Count: > 0 })
        {
            throw new InvalidParameterException("Service registries are not supported with EXTERNAL launch type.");
        }
    }

    public static void Zones(string launchType, string? rebalancing)
    {
        if (launchType == LaunchTypes.External && rebalancing == ServiceDocument.RebalancingEnabled)
        {
            throw new InvalidParameterException("Availability Zone rebalancing is not supported with EXTERNAL launch type.");
        }
    }

    public static void GracePeriod(int? seconds, IReadOnlyList<LoadBalancer>? loadBalancers)
    {
        if (seconds is not null && loadBalancers is not { Count: > 0 })
        {
            throw new InvalidParameterException("Health check grace period is only valid for services configured to use load balancers");
        }
    }

    public static void Provider(CreateCapacityProviderRequest request)
    {
        if (request.AutoScalingGroupProvider is null)
        {
            throw new InvalidParameterException("The specified capacity provider must have an autoScalingGroupProvider. Specify one and try again.");
        }
    }

    /// <summary>A cluster's default strategy: its providers are known by name only.</summary>
    public static void DefaultStrategy(IReadOnlyList<CapacityProviderStrategyItem> strategy)
    {
        var fargate = strategy.Count(i => CapacityProviderDocument.IsPredefined(i.CapacityProvider!));
        if (fargate > 0 && fargate < strategy.Count)
        {
            throw new InvalidParameterException(Mixed);
        }
    }
}
