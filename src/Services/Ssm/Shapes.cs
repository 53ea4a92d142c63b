using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm;

internal static class Shapes
{
    public static Activation ToShape(this ActivationDocument activation, DateTimeOffset now) => new()
    {
        ActivationId = activation.ActivationId,
        Description = activation.Description,
        DefaultInstanceName = activation.DefaultInstanceName,
        IamRole = activation.IamRole,
        RegistrationLimit = activation.RegistrationLimit,
        RegistrationsCount = activation.RegistrationsCount,
        ExpirationDate = activation.ExpiresAt,
        Expired = activation.IsExpiredAt(now),
        CreatedDate = activation.CreatedAt,
        Tags = SsmTags.ToShape(activation.Tags),
    };

    public static InstanceInformation ToShape(this ManagedInstanceDocument instance, PingTimes pings, DateTimeOffset now) => new()
    {
        InstanceId = instance.InstanceId,
        PingStatus = pings.Status(instance.InstanceId, instance.LastRecordedPing, now),
        LastPingDateTime = pings.LastPing(instance.InstanceId, instance.LastRecordedPing),
        AgentVersion = instance.Report.AgentVersion,
        IsLatestVersion = true,
        PlatformType = instance.Report.PlatformType,
        PlatformName = instance.Report.PlatformName,
        PlatformVersion = instance.Report.PlatformVersion,
        ActivationId = instance.ActivationId,
        IamRole = instance.IamRole,
        RegistrationDate = instance.RegisteredAt,
        ResourceType = "ManagedInstance",
        Name = instance.Name,
        IPAddress = instance.Report.IpAddress,
        ComputerName = instance.Report.ComputerName,
        SourceId = instance.InstanceId,
        SourceType = "AWS::SSM::ManagedInstance",
    };
}
