using Longspan.Api.Ssm;
using Longspan.Kernel;
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

    public static async ValueTask<Parameter> ToShapeAsync(
        this ParameterDocument parameter, SsmContext cx, bool decrypt, string? selector, CancellationToken stop) => new()
        {
            Name = parameter.Name,
            Type = parameter.Type,
            Value = await ParameterValues.ShownAsync(cx, parameter, decrypt, stop),
            Version = parameter.Version,
            Selector = selector,
            LastModifiedDate = parameter.ModifiedAt,
            ARN = ParameterNames.ArnOf(cx.Call, parameter.Name),
            DataType = parameter.DataType,
        };

    /// <param name="newest">The parameter as it is now, which knows the labels of all its versions.</param>
    public static async ValueTask<ParameterHistory> ToHistoryAsync(
        this ParameterDocument parameter, SsmContext cx, ParameterDocument newest, bool decrypt, CancellationToken stop) => new()
        {
            Name = parameter.Name,
            Type = parameter.Type,
            KeyId = parameter.KeyId,
            LastModifiedDate = parameter.ModifiedAt,
            LastModifiedUser = parameter.ModifiedBy,
            Description = parameter.Description,
            Value = await ParameterValues.ShownAsync(cx, parameter, decrypt, stop),
            AllowedPattern = parameter.AllowedPattern,
            Version = parameter.Version,
            Labels = [.. newest.Labels.Where(l => l.Value == parameter.Version).Select(l => l.Key).Order(StringComparer.Ordinal)],
            Tier = parameter.Tier,
            Policies = [.. parameter.Policies.Select(ToShape)],
            DataType = parameter.DataType,
        };

    public static ParameterMetadata ToMetadata(this ParameterDocument parameter, CallContext call) => new()
    {
        Name = parameter.Name,
        ARN = ParameterNames.ArnOf(call, parameter.Name),
        Type = parameter.Type,
        KeyId = parameter.KeyId,
        LastModifiedDate = parameter.ModifiedAt,
        LastModifiedUser = parameter.ModifiedBy,
        Description = parameter.Description,
        AllowedPattern = parameter.AllowedPattern,
        Version = parameter.Version,
        Tier = parameter.Tier,
        Policies = [.. parameter.Policies.Select(ToShape)],
        DataType = parameter.DataType,
    };

    public static ServiceSetting ToShape(this SettingDocument? setting, SsmContext cx, string id, string defaultValue) => new()
    {
        SettingId = id,
        SettingValue = setting?.Value ?? defaultValue,
        LastModifiedDate = setting?.ModifiedAt,
        LastModifiedUser = setting?.ModifiedBy ?? "System",
        ARN = cx.Call.Arn("ssm", "servicesetting" + id).ToString(),
        Status = setting is null ? "Default" : "Customized",
    };

    private static ParameterInlinePolicy ToShape(ParameterPolicy policy) => new()
    {
        PolicyType = policy.Type, PolicyText = policy.Text, PolicyStatus = policy.IsFinished ? "Finished" : "Pending",
    };
}
