using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Longspan.AgentLink;

/// <summary>
/// Serializers of the agent link. Names are matched without regard to case (as the Amazon agent does) and written exactly as listed
/// in the protocol; absent members are left out rather than written as null, because some of them crash other agents.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HeartbeatMessage))]
[JsonSerializable(typeof(PayloadMessage))]
[JsonSerializable(typeof(IAMRoleCredentialsMessage))]
[JsonSerializable(typeof(TaskManifestMessage))]
[JsonSerializable(typeof(TaskStopVerificationAck))]
[JsonSerializable(typeof(AttachTaskNetworkInterfacesMessage))]
[JsonSerializable(typeof(AttachInstanceNetworkInterfacesMessage))]
[JsonSerializable(typeof(ConfirmAttachmentMessage))]
[JsonSerializable(typeof(StageUpdateMessage))]
[JsonSerializable(typeof(PerformUpdateMessage))]
[JsonSerializable(typeof(CloseMessage))]
[JsonSerializable(typeof(ErrorMessage))]
[JsonSerializable(typeof(ServerException))]
[JsonSerializable(typeof(BadRequestException))]
[JsonSerializable(typeof(InvalidClusterException))]
[JsonSerializable(typeof(InvalidInstanceException))]
[JsonSerializable(typeof(AccessDeniedException))]
[JsonSerializable(typeof(InactiveInstanceException))]
[JsonSerializable(typeof(ResourceValidationException))]
[JsonSerializable(typeof(InvalidParameterException))]
[JsonSerializable(typeof(HeartbeatAckRequest))]
[JsonSerializable(typeof(AckRequest))]
[JsonSerializable(typeof(NackRequest))]
[JsonSerializable(typeof(IAMRoleCredentialsAckRequest))]
[JsonSerializable(typeof(TaskStopVerificationMessage))]
[JsonSerializable(typeof(NodeReportMessage))]
[JsonSerializable(typeof(OfflineCredentialsMessage))]
[JsonSerializable(typeof(PublishMetricsRequest))]
[JsonSerializable(typeof(PublishHealthRequest))]
[JsonSerializable(typeof(PublishInstanceStatusRequest))]
[JsonSerializable(typeof(AckPublishMetric))]
[JsonSerializable(typeof(AckPublishHealth))]
[JsonSerializable(typeof(AckPublishInstanceStatus))]
[JsonSerializable(typeof(StopTelemetrySessionMessage))]
[JsonSerializable(typeof(AgentTask))]
public sealed partial class AgentLinkJson : JsonSerializerContext
{
    /// <summary>Both sockets carry JSON to programs, never to a browser: escaping only what JSON requires keeps secrets comparable.</summary>
    internal static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    internal static IReadOnlyList<JsonTypeInfo> Messages =>
    [
        Default.HeartbeatMessage, Default.PayloadMessage, Default.IAMRoleCredentialsMessage, Default.TaskManifestMessage,
        Default.TaskStopVerificationAck, Default.AttachTaskNetworkInterfacesMessage, Default.AttachInstanceNetworkInterfacesMessage,
        Default.ConfirmAttachmentMessage, Default.StageUpdateMessage, Default.PerformUpdateMessage, Default.CloseMessage,
        Default.ErrorMessage, Default.ServerException, Default.BadRequestException, Default.InvalidClusterException,
        Default.InvalidInstanceException, Default.AccessDeniedException, Default.InactiveInstanceException,
        Default.ResourceValidationException, Default.InvalidParameterException, Default.HeartbeatAckRequest, Default.AckRequest,
        Default.NackRequest, Default.IAMRoleCredentialsAckRequest, Default.TaskStopVerificationMessage, Default.NodeReportMessage,
        Default.OfflineCredentialsMessage,
        Default.PublishMetricsRequest, Default.PublishHealthRequest,
        Default.PublishInstanceStatusRequest, Default.AckPublishMetric, Default.AckPublishHealth, Default.AckPublishInstanceStatus,
        Default.StopTelemetrySessionMessage,
    ];
}
