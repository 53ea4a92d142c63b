using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

/// <summary>What a daemon service may not ask for, in AWS's words.</summary>
internal static class DaemonRules
{
    /// <summary>Whether the request is for a daemon service; refuses what such a service cannot have.</summary>
    public static bool IsDaemon(CreateServiceRequest request, ClusterDocument cluster)
    {
        if (request.SchedulingStrategy is not (null or ServiceDocument.ReplicaStrategy or ServiceDocument.DaemonStrategy))
        {
            throw new InvalidParameterException($"Invalid scheduling strategy: {request.SchedulingStrategy}.");
        }
        if (request.SchedulingStrategy != ServiceDocument.DaemonStrategy)
        {
            return false;
        }
        Check(request.DesiredCount, request.PlacementStrategy);
        if (request.LaunchType == LaunchTypes.Fargate)
        {
            throw new InvalidParameterException("The daemon scheduling strategy does not support the FARGATE launch type.");
        }
        if (request.CapacityProviderStrategy is { Count: > 0 }
            || (string.IsNullOrEmpty(request.LaunchType) && cluster.Declared.DefaultCapacityProviderStrategy is { Count: > 0 }))
        {
            throw new InvalidParameterException(
                "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.");
        }
        return true;
    }

    public static void Check(ServiceDocument service, UpdateServiceRequest request)
    {
        if (!service.IsDaemon)
        {
            return;
        }
        Check(request.DesiredCount, request.PlacementStrategy);
        if (request.CapacityProviderStrategy is { Count: > 0 })
        {
            throw new InvalidParameterException(
                "Specifying a capacity provider strategy is not supported for a service that uses the DAEMON scheduling strategy.");
        }
    }

    private static void Check(int? desiredCount, IReadOnlyList<PlacementStrategy>? strategy)
    {
        if (desiredCount is not null)
        {
            throw new InvalidParameterException(
                "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again");
        }
        if (strategy is { Count: > 0 })
        {
            throw new InvalidParameterException(
                "The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again");
        }
    }
}
