namespace Longspan.AgentLink;

/// <summary>What Longspan's own node announces at registration, and what a server may therefore send to it.</summary>
public static class NodeCapability
{
    /// <summary>
    /// Attribute of a container instance that is a Longspan node; its value is the version of the extra messages. Messages of this file
    /// go to and come from such nodes only.
    /// </summary>
    public const string Node = "longspan.capability.node";
    public const string Version = "1";
    /// <summary>The node delivers <c>awslogs</c> output itself, from a spool: containers start even if the log service is unreachable.</summary>
    public const string LogSpool = "longspan.capability.log-spool";
    /// <summary>The node keeps its assignment on disk and restarts it while cut off.</summary>
    public const string OfflineAssignment = "longspan.capability.offline-assignment";
    /// <summary>The node keeps <see cref="OfflineCredentialsMessage"/>s.</summary>
    public const string OfflineCredentials = "longspan.capability.offline-credentials";
    /// <summary>Header of the node's API calls; see <see cref="NodeReportMessage.Connection"/>.</summary>
    public const string ConnectionHeader = "x-longspan-connection";
    /// <summary>Custom attribute with the node's name as the operator gave it.</summary>
    public const string Name = "longspan.node";
    /// <summary>Custom attribute with the number of log events that the node had to drop, if it had to.</summary>
    public const string LostLogEvents = "longspan.lost-log-events";
    /// <summary>Custom attribute with the node's site: <c>cloud</c>, <c>on-premises</c>.</summary>
    public const string Site = "site";
}

/// <summary>
/// Node to server, first after each connect: what this node has and in which state, so that a reunion starts from facts and nothing
/// healthy is stopped or started twice. Advisory: state changes still arrive by SubmitTaskStateChange.
/// </summary>
public sealed record NodeReportMessage : AgentMessage
{
    public string? NodeName { get; init; }
    /// <summary>
    /// An id that the node has made for this connection. Its reports name the connection during which they were sent
    /// (<see cref="NodeCapability.ConnectionHeader"/>), and the end of a task is taken only from the present one.
    /// </summary>
    public string? Connection { get; init; }
    public string? AgentVersion { get; init; }
    /// <summary>The newest <c>seqNum</c> or <c>timeline</c> that the node has saved.</summary>
    public long? Generation { get; init; }
    /// <summary>Seconds since the epoch at which the previous connection ended; absent on the first.</summary>
    public double? DisconnectedSince { get; init; }
    public IReadOnlyList<NodeTaskReport>? Tasks { get; init; }
    /// <summary>Log events that were dropped because a spool reached its bound, since the node was registered.</summary>
    public long? LostLogEvents { get; init; }
    public long? SpooledLogBytes { get; init; }
}

public sealed record NodeTaskReport
{
    public string? TaskArn { get; init; }
    public string? DesiredStatus { get; init; }
    public string? KnownStatus { get; init; }
    /// <summary>What it was made from, for a server that does not know it.</summary>
    public string? Family { get; init; }
    public string? Version { get; init; }
    public string? ServiceName { get; init; }
    /// <summary>How often the node started it again by itself while cut off, since it last told so, and why the last time.</summary>
    public int? AloneRestarts { get; init; }
    public string? LastAloneEnd { get; init; }
    /// <summary>Seconds since the epoch at which the task's keys ran out, if they have.</summary>
    public double? CredentialsExpiredAt { get; init; }
    /// <summary>Seconds since the epoch at which its containers first got offline credentials, since the node last told so.</summary>
    public double? OfflineCredentialsSince { get; init; }
    /// <summary>The node holds offline credentials for it.</summary>
    public bool? HasOfflineCredentials { get; init; }
    /// <summary>The task's own address in awsvpc mode. A RUNNING report carries it as the <c>bindIP</c> of its network bindings.</summary>
    public string? PrivateIPv4Address { get; init; }
}

/// <summary>
/// Server to node: keys of a task's role for a cut that outlasts the usual ones. The node keeps them and gives them to the task's containers
/// only while it is cut off and the usual keys have ended. Not answered; each connection brings them anew.
/// </summary>
public sealed record OfflineCredentialsMessage : AgentMessage
{
    public string? TaskArn { get; init; }
    /// <summary>Under the id of the usual ones. Null takes back what was sent before.</summary>
    public IAMRoleCredentials? RoleCredentials { get; init; }
    /// <summary>Seconds since the epoch; before that the server takes no call that is signed with them.</summary>
    public double? UsableFrom { get; init; }
}
