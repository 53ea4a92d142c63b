using System.Text.Json.Serialization;

namespace Longspan.AgentLink;

/// <summary>Server to agent at least every 60 s; the agent answers with <see cref="HeartbeatAckRequest"/>. On TCS without an answer.</summary>
public sealed record HeartbeatMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public bool Healthy { get; init; }
}

/// <summary>
/// New tasks to run and known tasks to stop. Idempotent by task ARN: a task the agent knows only has its desired status moved forward.
/// Answered by one <see cref="AckRequest"/> and one <see cref="IAMRoleCredentialsAckRequest"/> per credential set. One task per payload
/// is best: a task that cannot be converted keeps its whole payload unacknowledged.
/// </summary>
public sealed record PayloadMessage : AgentMessage
{
    public string? ClusterArn { get; init; }
    public string? ContainerInstanceArn { get; init; }
    public string? MessageId { get; init; }
    public IReadOnlyList<AgentTask>? Tasks { get; init; }
    public long? SeqNum { get; init; }
    /// <summary>Milliseconds since the epoch.</summary>
    public long? GeneratedAt { get; init; }
}

/// <summary>Fresh credentials for a live task under the id its containers already hold.</summary>
public sealed record IAMRoleCredentialsMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public string? TaskArn { get; init; }
    public string? TaskClusterArn { get; init; }
    /// <summary><c>TaskApplication</c> or <c>TaskExecution</c>.</summary>
    public string? RoleType { get; init; }
    public IAMRoleCredentials? RoleCredentials { get; init; }

    public const string TaskApplication = nameof(TaskApplication);
    public const string TaskExecution = nameof(TaskExecution);
}

/// <summary>
/// The whole assignment of the instance: everything that should run. <see cref="Timeline"/> shares one rising counter with
/// <see cref="PayloadMessage.SeqNum"/>; an agent discards a manifest that is not newer than what it has seen, without an answer.
/// </summary>
public sealed record TaskManifestMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public string? ClusterArn { get; init; }
    public string? ContainerInstanceArn { get; init; }
    public long? Timeline { get; init; }
    public long? GeneratedAt { get; init; }
    public IReadOnlyList<TaskIdentifier>? Tasks { get; init; }
}

/// <summary>The server's confirmation of which stop candidates really are to stop. Carries the manifest's message id; not answered.</summary>
public sealed record TaskStopVerificationAck : AgentMessage
{
    public string? MessageId { get; init; }
    public long? GeneratedAt { get; init; }
    public IReadOnlyList<TaskIdentifier>? StopTasks { get; init; }
}

/// <summary>Network interfaces for a task; nodes outside a VPC acknowledge and ignore them.</summary>
public sealed record AttachTaskNetworkInterfacesMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public string? ClusterArn { get; init; }
    public string? ContainerInstanceArn { get; init; }
    public string? TaskArn { get; init; }
    public string? TaskClusterArn { get; init; }
    public long? WaitTimeoutMs { get; init; }
    public long? GeneratedAt { get; init; }
}

public sealed record AttachInstanceNetworkInterfacesMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public string? ClusterArn { get; init; }
    public string? ContainerInstanceArn { get; init; }
    public long? WaitTimeoutMs { get; init; }
    public long? GeneratedAt { get; init; }
}

public sealed record ConfirmAttachmentMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public string? ClusterArn { get; init; }
    public string? ContainerInstanceArn { get; init; }
    public string? TaskArn { get; init; }
    public string? TaskClusterArn { get; init; }
    public long? WaitTimeoutMs { get; init; }
    public AgentAttachment? Attachment { get; init; }
}

public sealed record AgentUpdate
{
    public string? Location { get; init; }
    public string? Signature { get; init; }
}

public sealed record StageUpdateMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public string? ClusterArn { get; init; }
    public string? ContainerInstanceArn { get; init; }
    public AgentUpdate? UpdateInfo { get; init; }
}

public sealed record PerformUpdateMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public string? ClusterArn { get; init; }
    public string? ContainerInstanceArn { get; init; }
    public AgentUpdate? UpdateInfo { get; init; }
}

/// <summary>Logged by agents; does not close the session.</summary>
public sealed record CloseMessage : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record ErrorMessage : AgentMessage
{
    public string? Message { get; init; }
}

// What a handshake is refused with, in the envelope. InactiveInstanceException alone has an effect of its own: the agent goes quiet for an hour.
public sealed record ServerException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record BadRequestException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record InvalidClusterException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record InvalidInstanceException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record AccessDeniedException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record InactiveInstanceException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record ResourceValidationException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record InvalidParameterException : AgentMessage
{
    public string? Message { get; init; }
}

public sealed record TaskIdentifier
{
    public string? TaskArn { get; init; }
    public string? TaskClusterArn { get; init; }
    /// <summary><c>RUNNING</c> or <c>STOPPED</c>; an entry without it crashes the Amazon agent.</summary>
    public string? DesiredStatus { get; init; }
}

/// <summary>One set of temporary keys. <see cref="CredentialsId"/> is a secret too: whoever knows it can fetch the keys on the node.</summary>
public sealed record IAMRoleCredentials
{
    public string? CredentialsId { get; init; }
    public string? RoleArn { get; init; }
    public string? AccessKeyId { get; init; }
    public string? SecretAccessKey { get; init; }
    public string? SessionToken { get; init; }
    /// <summary>RFC 3339 in UTC, seconds precision: handed to containers and echoed in the acknowledgement as it is.</summary>
    public string? Expiration { get; init; }

    [JsonIgnore]
    public bool IsComplete => CredentialsId is { Length: > 0 } && AccessKeyId is { Length: > 0 } && SecretAccessKey is { Length: > 0 };

    public override string ToString() => $"credentials of {RoleArn}, key {AccessKeyId}, until {Expiration}";
}
