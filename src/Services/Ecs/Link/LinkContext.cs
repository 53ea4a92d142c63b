using Longspan.AgentLink;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

/// <summary>The instance that a socket belongs to, and what its session works with.</summary>
internal sealed record LinkContext
{
    public required Cloud Cloud { get; init; }
    public required SessionRegistry Sessions { get; init; }
    public required Turns Turns { get; init; }
    public required LinkWheel Wheel { get; init; }
    public required ILogger Log { get; init; }
    public required CallScope Account { get; init; }
    /// <summary>Document scope of the cluster: <c>account/region/cluster</c>.</summary>
    public required string Scope { get; init; }
    public required string ClusterArn { get; init; }
    public required ContainerInstanceDocument Instance { get; init; }
    /// <summary>Where the agent reached us: what its tasks' registry and log calls should use as well.</summary>
    public required Uri Endpoint { get; init; }
    /// <summary>A freshly started agent has no keys: every live task's are to be pushed.</summary>
    public bool SendCredentials { get; init; }
    /// <summary>
    /// From protocol version 2 on an agent acknowledges heartbeats, so its silence means something. Of older ones only the socket's own pings
    /// tell whether they are there.
    /// </summary>
    public bool AcknowledgesHeartbeats { get; init; }
    public string? AgentVersion { get; init; }
    public string? AgentHash { get; init; }
    public string? DockerVersion { get; init; }

    public DocumentLog Documents => Cloud.Documents;
    public TimeProvider Clock => Cloud.Clock;
    public string Key => SessionRegistry.KeyOf(Scope, Instance.Id);
    /// <summary>Our own node understands more than the protocol.</summary>
    public bool IsLongspanNode => Instance.HasAttribute(NodeCapability.Node);
}
