using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// Which instances are connected to this process, and how to wake their sessions: one control session and one telemetry session for each
/// instance, the newest of each kind. Nothing here is state that must survive: a new process starts empty and agents connect again.
/// </summary>
internal sealed class SessionRegistry
{
    private const string ReplacedReason = "A newer session of this container instance has replaced this one.";
    private const string DeregisteredReason = "InactiveInstanceException: The container instance was deregistered.";
    /// <summary>A close code outside those on which agents reconnect at once.</summary>
    public const WebSocketCloseStatus Replaced = (WebSocketCloseStatus)4000;
    /// <summary>A fault of ours. Not 1011, on which agents come back without a pause: a fault that lasts would make them a storm.</summary>
    public const WebSocketCloseStatus Failed = (WebSocketCloseStatus)4001;

    private readonly ConcurrentDictionary<string, ControlSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TelemetrySession> _telemetry = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _runtimeSeen = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _met = new(StringComparer.Ordinal);

    /// <summary>
    /// When the keys that a node has acknowledged expire, by credentials id: outlives a session, so that a reconnect need not mint new ones.
    /// </summary>
    public ConcurrentDictionary<string, DateTimeOffset> CredentialExpiry { get; } = new(StringComparer.Ordinal);

    public static string KeyOf(string scope, string instanceId) => $"{scope}/{instanceId}";

    public bool IsConnected(string key) => _sessions.ContainsKey(key);

    /// <summary>Whether this is the connection that the instance's node has now.</summary>
    public bool IsPresent(string key, string nodeConnection) =>
        _sessions.TryGetValue(key, out var session) && session.NodeConnection == nodeConnection;

    public bool IsTelemetryConnected(string key) => _telemetry.ContainsKey(key);

    public int Count => _sessions.Count;

    public int TelemetryCount => _telemetry.Count;

    /// <summary>Makes this the instance's session; the one it replaces is closed.</summary>
    public void Connect(string key, ControlSession session) => Replace(_sessions, key, session)?.End(Replaced, ReplacedReason);

    /// <summary>Makes this the instance's telemetry; the one it replaces is closed, so that an instance never has many.</summary>
    public void Connect(string key, TelemetrySession session) => Replace(_telemetry, key, session)?.End(Replaced, ReplacedReason);

    /// <summary>Forgets the session unless a newer one has taken its place.</summary>
    public void Disconnect(string key, ControlSession session) =>
        _sessions.TryRemove(new KeyValuePair<string, ControlSession>(key, session));

    public void Disconnect(string key, TelemetrySession session) =>
        _telemetry.TryRemove(new KeyValuePair<string, TelemetrySession>(key, session));

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

    /// <summary>Something of the cluster has changed that its instances' sessions go by.</summary>
    public void SignalCluster(string scope)
    {
        var prefix = KeyOf(scope, "");
        foreach (var (_, session) in _sessions.Where(s => s.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            session.Signal();
        }
    }

    /// <summary>Whether the instance has been connected since the server was started.</summary>
    public bool HasMet(string key) => _met.ContainsKey(key);

    public void Met(string key) => _met.TryAdd(key, true);

    /// <summary>An agent has told of its container runtime. Only changes are written, so the time of the last word is kept here.</summary>
    public void RuntimeSeen(string key, DateTimeOffset at) => _runtimeSeen[key] = at;

    public DateTimeOffset? RuntimeSeenAt(string key) => _runtimeSeen.TryGetValue(key, out var at) ? at : null;

    public void Deregistered(string scope, string instanceId)
    {
        var key = KeyOf(scope, instanceId);
        _runtimeSeen.TryRemove(key, out _);
        _met.TryRemove(key, out _);
        if (_sessions.TryRemove(key, out var session))
        {
            session.End(Replaced, DeregisteredReason);
        }
        if (_telemetry.TryRemove(key, out var telemetry))
        {
            telemetry.End(Replaced, DeregisteredReason);
        }
    }

    /// <summary>Ends every session, as a reset or the end of the server does.</summary>
    public void EndAll(string reason)
    {
        foreach (var session in _sessions.Values)
        {
            session.End(WebSocketCloseStatus.EndpointUnavailable, reason);
        }
        foreach (var session in _telemetry.Values)
        {
            session.End(WebSocketCloseStatus.EndpointUnavailable, reason);
        }
        CredentialExpiry.Clear();
        _runtimeSeen.Clear();
    }

    private static TSession? Replace<TSession>(ConcurrentDictionary<string, TSession> sessions, string key, TSession session)
        where TSession : class
    {
        TSession? replaced = null;
        sessions.AddOrUpdate(key, session, (_, former) =>
        {
            replaced = former;
            return session;
        });
        return replaced;
    }
}
