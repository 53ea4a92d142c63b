using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Settings of services and tasks that nothing here acts on. They are refused, because a service that seems to have a volume, a mesh or a
/// blue/green rollout and does not is worse than an error. Each goes when what it needs is there.
/// </summary>
internal static class UnservedRules
{
    public static void Check(CreateServiceRequest request)
    {
        Check(request.ServiceConnectConfiguration, request.VolumeConfigurations, request.VpcLatticeConfigurations, request.GatewayConnectors);
        Check(request.DeploymentConfiguration);
        Refuse(request.Monitoring is not null, "Service monitoring");
    }

    public static void Check(UpdateServiceRequest request)
    {
        Check(request.ServiceConnectConfiguration, request.VolumeConfigurations, request.VpcLatticeConfigurations, request.GatewayConnectors);
        Check(request.DeploymentConfiguration);
        Refuse(request.Monitoring is not null, "Service monitoring");
    }

    public static void Volumes(IReadOnlyCollection<TaskVolumeConfiguration>? volumes) =>
        Refuse(volumes is { Count: > 0 }, "Volumes that are configured at launch (managed EBS volumes)");

    private static void Check(
        ServiceConnectConfiguration? connect, IReadOnlyCollection<ServiceVolumeConfiguration>? volumes,
        IReadOnlyCollection<VpcLatticeConfiguration>? lattice, IReadOnlyCollection<GatewayConnector>? gateways)
    {
        Refuse(connect?.Enabled is true, "Service Connect");
        Refuse(volumes is { Count: > 0 }, "Volumes that are configured at launch (managed EBS volumes)");
        Refuse(lattice is { Count: > 0 }, "VPC Lattice");
        Refuse(gateways is { Count: > 0 }, "Gateway connectors");
    }

    private static void Check(DeploymentConfiguration? configuration)
    {
        switch (configuration?.Strategy)
        {
            case null or "ROLLING":
                break;
            case "BLUE_GREEN" or "LINEAR" or "CANARY":
                throw new UnsupportedFeatureException($"The {configuration.Strategy} deployment strategy needs a load balancer, which is not served yet.");
            default:
                throw new InvalidParameterException($"Invalid deployment strategy: {configuration.Strategy}.");
        }
        Refuse(configuration?.LifecycleHooks is { Count: > 0 }, "Deployment lifecycle hooks");
        Refuse(configuration?.LinearConfiguration is not null || configuration?.CanaryConfiguration is not null, "Linear and canary configurations");
        Refuse(configuration?.EarlySuccessCriteria is not null, "Early success criteria");
        if (configuration?.BakeTimeInMinutes is < 0 or > 1440)
        {
            throw new InvalidParameterException("bakeTimeInMinutes must be between 0 and 1440.");
        }
        if (configuration?.Alarms is { } alarms && (alarms.Enable is null || alarms.Rollback is null || alarms.AlarmNames is null))
        {
            throw new InvalidParameterException("The alarms of a deployment configuration must have alarmNames, enable and rollback.");
        }
    }

    private static void Refuse(bool given, string what)
    {
        if (given)
        {
            throw new UnsupportedFeatureException($"{what}: not supported yet.");
        }
    }
}
