using System.Collections.Concurrent;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// Which instances are connected to this process, and how to wake their sessions. Nothing here is state that must survive: a new
/// process starts empty and agents connect again.
/// </summary>
internal sealed class SessionRegistry
{
    private readonly ConcurrentDictionary<string, ControlSession> _sessions = new(StringComparer.Ordinal);

    /// <summary>When the keys that a node holds expire, by credentials id: outlives a session, so that a reconnect need not mint new ones.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> CredentialExpiry { get; } = new(StringComparer.Ordinal);

    public static string KeyOf(string scope, string instanceId) => $"{scope}/{instanceId}";

    public bool IsConnected(string key) => _sessions.ContainsKey(key);

    public int Count => _sessions.Count;

    /// <summary>Makes this the instance's session; the one it replaces is closed.</summary>
    public void Connect(string key, ControlSession session)
    {
        ControlSession? replaced = null;
        _sessions.AddOrUpdate(key, session, (_, former) =>
        {
            replaced = former;
            return session;
        });
        replaced?.End(ControlSession.Replaced, "A newer session of this container instance has replaced this one.");
    }

    /// <summary>Forgets the session unless a newer one has taken its place.</summary>
    public void Disconnect(string key, ControlSession session) =>
        _sessions.TryRemove(new KeyValuePair<string, ControlSession>(key, session));

    /// <summary>Something of the instance's assignment has changed.</summary>
    public bool Signal(string key)
    {
        if (!_sessions.TryGetValue(key, out var session))
        {
            return false;
        }
        session.Signal();
        return true;
    }

    public void Deregistered(string scope, string instanceId)
    {
        if (_sessions.TryRemove(KeyOf(scope, instanceId), out var session))
        {
            session.End(ControlSession.Replaced, "InactiveInstanceException: The container instance was deregistered.");
        }
    }

    /// <summary>Ends every session, as a reset or the end of the server does.</summary>
    public void EndAll(string reason)
    {
        foreach (var session in _sessions.Values)
        {
            session.End(System.Net.WebSockets.WebSocketCloseStatus.EndpointUnavailable, reason);
        }
        CredentialExpiry.Clear();
    }
}
