namespace Longspan.AgentLink;

/// <summary>
/// A message of the agent link: the Amazon ECS agent's control (ACS) and telemetry (TCS) websockets, which Longspan's own node agent
/// speaks as well. The class name is the message's <c>type</c> on the wire; members are its <c>message</c>, camel-cased.
/// <para>
/// Rules that both ends rely on. Every member is optional on the wire, so all are nullable or have a default: readers check what they
/// need. Unknown types and unknown members are ignored; a member of the wrong JSON type discards the whole message. Delivery is
/// at-least-once in both directions: the server resends what was not acknowledged after a reconnect, and the agent treats a task it
/// already knows as known. Names and meanings only grow; golden tests hold them.
/// </para>
/// </summary>
public abstract record AgentMessage
{
    /// <summary>Limit on one frame in either direction. Far above any real payload; a peer that exceeds it is dropped.</summary>
    public const int MaxFrameBytes = 4 * 1024 * 1024;
}
