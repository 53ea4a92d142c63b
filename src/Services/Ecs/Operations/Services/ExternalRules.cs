using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Services with the deployment controller EXTERNAL: what belongs to their task sets is refused for the service, in AWS's manner, instead
/// of being kept without effect.
/// </summary>
internal static class ExternalRules
{
    /// <summary>Whether the request is for such a service; refuses other controllers that we do not have.</summary>
    public static bool IsExternal(CreateServiceRequest request)
    {
        switch (request.DeploymentController?.Type)
        {
            case null or "ECS":
                return false;
            case ServiceDocument.ExternalController:
                break;
            case "CODE_DEPLOY":
                throw new UnsupportedFeatureException("The CODE_DEPLOY deployment controller is not supported.");
            case var other:
                throw new InvalidParameterException($"Invalid deployment controller type: {other}.");
        }
        if (request.SchedulingStrategy == ServiceDocument.DaemonStrategy)
        {
            throw new InvalidParameterException("The EXTERNAL deployment controller type does not support the DAEMON scheduling strategy.");
        }
        Refuse(!string.IsNullOrEmpty(request.TaskDefinition), "TaskDefinition");
        Refuse(!string.IsNullOrEmpty(request.LaunchType), "LaunchType");
        Refuse(request.CapacityProviderStrategy is { Count: > 0 }, "CapacityProviderStrategy");
        Refuse(request.PlatformVersion is not null, "PlatformVersion");
        Refuse(request.NetworkConfiguration is not null, "NetworkConfiguration");
        Refuse(request.LoadBalancers is { Count: > 0 }, "LoadBalancers");
        Refuse(request.ServiceRegistries is { Count: > 0 }, "ServiceRegistries");
        CheckConfiguration(request.DeploymentConfiguration);
        return true;
    }

    /// <summary>What UpdateService may not change of such a service.</summary>
    public static void Check(UpdateServiceRequest request)
    {
        const string with = "on services with an EXTERNAL deployment controller. Create a new task set instead.";
        void Update(bool given, string what)
        {
            if (given)
            {
                throw new InvalidParameterException($"Unable to update {what} {with}");
            }
        }
        Update(!string.IsNullOrEmpty(request.TaskDefinition), "task definition");
        Update(request.CapacityProviderStrategy is not null, "capacity provider strategy");
        Update(request.PlatformVersion is not null, "platform version");
        Update(request.NetworkConfiguration is not null, "network parameters");
        Update(request.LoadBalancers is not null, "load balancers");
        Update(request.ServiceRegistries is not null, "service registries");
        if (request.ForceNewDeployment is true)
        {
            throw new InvalidParameterException($"Cannot force a new deployment {with}");
        }
        CheckConfiguration(request.DeploymentConfiguration);
    }

    private static void CheckConfiguration(DeploymentConfiguration? configuration)
    {
        if (configuration?.DeploymentCircuitBreaker?.Enable is true || configuration?.Alarms?.Enable is true)
        {
            throw new InvalidParameterException(
                "The deployment circuit breaker and deployment alarms are only supported for services that use the ECS deployment controller.");
        }
    }

    private static void Refuse(bool given, string what)
    {
        if (given)
        {
            throw new InvalidParameterException($"{what} must be empty or null.");
        }
    }
}
