namespace Longspan.AgentLink;

public sealed record HeartbeatAckRequest : AgentMessage
{
    public string? MessageId { get; init; }
}

/// <summary>The message was accepted and saved: not that its work is done.</summary>
public sealed record AckRequest : AgentMessage
{
    /// <summary>The <c>clusterArn</c> of the message.</summary>
    public string? Cluster { get; init; }
    public string? ContainerInstance { get; init; }
    public string? MessageId { get; init; }
}

public sealed record NackRequest : AgentMessage
{
    public string? Cluster { get; init; }
    public string? ContainerInstance { get; init; }
    public string? MessageId { get; init; }
    public string? Reason { get; init; }
}

public sealed record IAMRoleCredentialsAckRequest : AgentMessage
{
    public string? MessageId { get; init; }
    public string? CredentialsId { get; init; }
    public string? Expiration { get; init; }
}

/// <summary>Running tasks that a manifest did not list. The agent stops none of them before the server has confirmed.</summary>
public sealed record TaskStopVerificationMessage : AgentMessage
{
    public string? MessageId { get; init; }
    public IReadOnlyList<TaskIdentifier>? StopCandidates { get; init; }
}
