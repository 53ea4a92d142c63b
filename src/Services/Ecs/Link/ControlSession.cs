using System.Net.WebSockets;
using System.Threading.Channels;
using Longspan.AgentLink;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// One agent's control socket. The session holds no decisions: it compares the instance's assignment, which is durable, with what it has
/// sent in this connection, and sends the difference, so every signal, reconnect and restart is the same work. After connecting it sends
/// the manifest (the whole assignment under a new generation), then one payload for each task, stops first.
/// <para>
/// A payload is repeated after a reconnect as long as the task has reported nothing; a task that is known to run gets no second one, and
/// one that has stopped has left the assignment, so an agent that has forgotten it is never told to start it again.
/// </para>
/// </summary>
internal sealed partial class ControlSession : IWheelSession, IDisposable
{
    /// <summary>Payloads that may be unacknowledged at a time; more wait in the assignment.</summary>
    public const int PayloadWindow = 64;
    /// <summary>Each heartbeat makes the Amazon agent ping its engine and costs it a log line; it needs one a minute.</summary>
    public static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(30);
    /// <summary>Our own node takes its patience from this period, so that a cut is noticed on both sides within seconds.</summary>
    public static readonly TimeSpan NodeHeartbeatPeriod = TimeSpan.FromSeconds(5);
    /// <summary>A peer that has left this many heartbeats unanswered is gone.</summary>
    public const int MissedHeartbeats = 3;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);
    private const string Silent = "The agent has been silent for too long.";

    private readonly LinkContext _link;
    private readonly ILogger _log;
    private readonly LinkSocket _socket;
    private readonly TimeSpan _heartbeat;
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _end;
    private readonly Dictionary<string, bool> _sent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (AssignmentEntry Entry, TaskTemplateRoles Roles)> _keys = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _unacknowledged = new(StringComparer.Ordinal);
    private (WebSocketCloseStatus Status, string Reason) _goodbye = (WebSocketCloseStatus.NormalClosure, "");
    private string? _manifestId;
    private long _lastHeard;
    private string? _nodeConnection;
    private long _lastBeat;
    /// <summary>Heartbeats since the agent was last heard of.</summary>
    private int _unanswered;
    private int _beating;
    /// <summary>When the push loop wants to look again without a signal, in UTC ticks.</summary>
    private long _due = long.MaxValue;

    public ControlSession(LinkContext link, LinkSocket socket, CancellationToken stop)
    {
        (_link, _socket, _log) = (link, socket, link.Log);
        _heartbeat = link.IsLongspanNode ? NodeHeartbeatPeriod : HeartbeatPeriod;
        _end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _lastHeard = _lastBeat = link.Clock.GetTimestamp();
    }

    /// <summary>When the agent was last heard of, if the session ended for its silence.</summary>
    public DateTimeOffset? SilentSince { get; private set; }

    /// <summary>What our own node calls this connection; null before it has said so, and of other agents.</summary>
    public string? NodeConnection => Volatile.Read(ref _nodeConnection);

    /// <summary>Wakes the session: its assignment may have changed. Never blocks.</summary>
    public void Signal() => _signals.Writer.TryWrite(true);

    /// <summary>Ends the session from outside.</summary>
    public void End(WebSocketCloseStatus status, string reason)
    {
        lock (_gate)
        {
            _goodbye = (status, reason);
        }
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself at the same moment.
        }
    }

    /// <summary>Returns when the connection has ended, whoever ended it.</summary>
    public async ValueTask RunAsync()
    {
        // Cancelling a receive aborts the socket. So the end of a session only stops the pushing; the receiving ends with the peer's
        // answer to our goodbye, or soon after.
        using var abort = new CancellationTokenSource();
        var receiving = ReceiveAsync(abort.Token);
        var pushing = PushAsync(_end.Token);
        try
        {
            await await Task.WhenAny(receiving, pushing);
        }
        catch (OperationCanceledException)
        {
            LogEnded(_link.Instance.Id, _goodbye.Reason);
        }
        catch (Exception error) when (error is WebSocketException or IOException)
        {
            LogEnded(_link.Instance.Id, error.Message);
        }
        catch (LinkViolationException violation)
        {
            LogEnded(_link.Instance.Id, violation.Message);
            _goodbye = (violation.Status, violation.Message);
        }
        catch (Exception error)
        {
            LogFailed(_link.Instance.Id, error);
            _goodbye = (SessionRegistry.Failed, "Internal error");
        }
        await _end.CancelAsync();
        await pushing.ContinueWith(_ => { }, TaskScheduler.Default);
        await _socket.CloseAsync(_goodbye.Status, _goodbye.Reason);
        abort.CancelAfter(LinkSocket.CloseLimit);
        await receiving.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public void Dispose() => _end.Dispose();

    private async Task ReceiveAsync(CancellationToken stop)
    {
        while (await _socket.ReceiveAsync(stop) is { } bytes)
        {
            _lastHeard = _link.Clock.GetTimestamp();
            Volatile.Write(ref _unanswered, 0);
            var frame = AgentFrame.Decode(bytes.Span);
            switch (frame.Message)
            {
                case AckRequest { MessageId: { } id }:
                    Acknowledge(id);
                    break;
                case NackRequest { MessageId: { } id } nack:
                    LogRefused(_link.Instance.Id, Printable(nack.Reason));
                    Acknowledge(id);
                    break;
                case NodeReportMessage report:
                    await TakeReportAsync(report, stop);
                    break;
                case IAMRoleCredentialsAckRequest { MessageId: { } id, CredentialsId: { } credentialsId }:
                    ConfirmKeys(id, credentialsId);
                    break;
                case TaskStopVerificationMessage verification:
                    await VerifyStopsAsync(verification, stop);
                    break;
                default:
                    if (frame.Fault is { } fault && _socket.CountUnreadable())
                    {
                        LogUnreadable(_link.Instance.Id, fault);
                    }
                    break;
            }
        }
    }

    private static string? Printable(string? text)
    {
        const int maximum = 200;
        return text is null ? null : string.Concat(text.Take(maximum).Select(c => char.IsControl(c) ? ' ' : c));
    }

    private void Acknowledge(string messageId)
    {
        bool wasFull;
        lock (_gate)
        {
            wasFull = _unacknowledged.Count >= PayloadWindow;
            _unacknowledged.Remove(messageId);
        }
        if (wasFull)
        {
            Signal();
        }
    }

    // The agent asks before it stops what the manifest did not list: the assignment may have grown since.
    private async ValueTask VerifyStopsAsync(TaskStopVerificationMessage message, CancellationToken stop)
    {
        if (message.MessageId is null || message.MessageId != _manifestId)
        {
            return;
        }
        foreach (var candidate in (message.StopCandidates ?? []).Where(c => c.TaskArn is { Length: > 0 }))
        {
            // What we never heard of is not ours to stop.
            await AdoptUnknownAsync(new NodeTaskReport { TaskArn = candidate.TaskArn, KnownStatus = AgentTask.Running }, stop);
        }
        var assignment = await AssignmentAsync(stop);
        var confirmed = (message.StopCandidates ?? [])
            .Where(c => c.TaskArn is { Length: > 0 } arn && assignment?.Value.Find(arn[(arn.LastIndexOf('/') + 1)..]) is not { Stop: false })
            .Select(c => new TaskIdentifier { TaskArn = c.TaskArn, TaskClusterArn = _link.ClusterArn, DesiredStatus = AgentTask.Stopped });
        await _socket.SendAsync(
            new TaskStopVerificationAck { MessageId = message.MessageId, GeneratedAt = Now.ToUnixTimeMilliseconds(), StopTasks = [.. confirmed] },
            stop);
    }

    private DateTimeOffset Now => _link.Clock.GetUtcNow();

    private async Task PushAsync(CancellationToken stop)
    {
        await SendManifestAsync(stop);
        await LookAgainAsync(stop);
        await _socket.SendAsync(new HeartbeatMessage { MessageId = Ids.Uuid(), Healthy = true }, stop);
        _lastBeat = _link.Clock.GetTimestamp();
        using var seat = _link.Wheel.Join(this);
        while (true)
        {
            await _signals.Reader.ReadAsync(stop);
            if (_manifestDue)
            {
                _manifestDue = false;
                await SendManifestAsync(stop);
            }
            await LookAgainAsync(stop);
        }
    }

    private async ValueTask LookAgainAsync(CancellationToken stop)
    {
        Volatile.Write(ref _due, long.MaxValue);
        Volatile.Write(ref _due, (await SendDifferenceAsync(stop)).UtcTicks);
    }

    /// <summary>The time's part of the session: its heartbeats, the agent's silence, and what is due to be looked at again.</summary>
    public void Look(ReadOnlyMemory<byte> heartbeat)
    {
        if (Now.UtcTicks >= Volatile.Read(ref _due))
        {
            Signal();
        }
        // A look may come a little early or late; the heartbeats' period is a whole number of rounds.
        if (_link.Clock.GetElapsedTime(_lastBeat) < _heartbeat - (LinkWheel.Round / 2))
        {
            return;
        }
        if (_link.AcknowledgesHeartbeats && Volatile.Read(ref _unanswered) >= MissedHeartbeats)
        {
            SilentSince = Now - _link.Clock.GetElapsedTime(_lastHeard);
            End(WebSocketCloseStatus.NormalClosure, Silent);
            return;
        }
        _lastBeat = _link.Clock.GetTimestamp();
        Interlocked.Increment(ref _unanswered);
        // One that is still being written counts for those that come after it.
        if (Interlocked.Exchange(ref _beating, 1) == 0)
        {
            _ = BeatAsync(heartbeat);
        }
    }

    private async Task BeatAsync(ReadOnlyMemory<byte> heartbeat)
    {
        try
        {
            await _socket.SendAsync(heartbeat, _end.Token);
            Volatile.Write(ref _beating, 0);
        }
        catch (Exception error)
        {
            if (!_end.IsCancellationRequested)
            {
                End(WebSocketCloseStatus.NormalClosure, error.Message);
            }
        }
    }

    // The generation rises with every manifest, so an agent that has seen all payloads still takes it as news. It is the time if that is
    // larger: a server that was put back to an earlier state is ahead of all that it ever sent.
    private async ValueTask SendManifestAsync(CancellationToken stop)
    {
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var read = await AssignmentAsync(stop);
            var kept = read?.Value ?? new AssignmentDocument();
            var next = kept with { Generation = Math.Max(kept.Generation + 1, Now.ToUnixTimeMilliseconds()) };
            var commit = read is null
                ? new Commit().Create(EcsKinds.Assignment, _link.Scope, _link.Instance.Id, next)
                : new Commit().Update(EcsKinds.Assignment, read, next);
            if (!(await _link.Documents.CommitAsync(commit, stop)).Committed)
            {
                continue;
            }
            _manifestId = Ids.Uuid();
            Volatile.Write(ref _timeline, next.Generation);
            await _socket.SendAsync(new TaskManifestMessage
            {
                MessageId = _manifestId,
                ClusterArn = _link.ClusterArn,
                ContainerInstanceArn = _link.Instance.Arn,
                Timeline = next.Generation,
                GeneratedAt = Now.ToUnixTimeMilliseconds(),
                Tasks =
                [
                    .. next.Entries.Where(e => !e.Stop).Select(e => new TaskIdentifier
                    {
                        TaskArn = ArnOf(e.TaskId), TaskClusterArn = _link.ClusterArn, DesiredStatus = AgentTask.Running,
                    }),
                ],
            }, stop);
            return;
        }
        throw EcsContext.Contended();
    }

    private ValueTask<Document<AssignmentDocument>?> AssignmentAsync(CancellationToken stop) =>
        EcsMirror.ReadAsync(_link.Documents, _link.Scope, cluster => cluster.Assignment(_link.Instance.Id), stop);

    private string ArnOf(string taskId) => _link.Account.Arn($"task/{_link.Instance.ClusterName}/{taskId}");

    /// <summary>Sends what the agent has not been told in this connection. Returns when to look again at the latest.</summary>
    private async ValueTask<DateTimeOffset> SendDifferenceAsync(CancellationToken stop)
    {
        var assignment = (await AssignmentAsync(stop))?.Value ?? new AssignmentDocument();
        if (assignment.Entries.Count(e => _sent.ContainsKey(e.TaskId)) < _sent.Count)
        {
            Forget(assignment);
        }
        var next = DateTimeOffset.MaxValue;
        foreach (var entry in assignment.Entries.OrderByDescending(e => e.Stop))
        {
            if (_sent.TryGetValue(entry.TaskId, out var stopSent) && stopSent == entry.Stop)
            {
                continue;
            }
            lock (_gate)
            {
                if (_unacknowledged.Count >= PayloadWindow)
                {
                    break;
                }
            }
            if (await SendTaskAsync(entry, assignment.Generation, stop))
            {
                _sent[entry.TaskId] = entry.Stop;
            }
            else
            {
                next = Now + RetryPause;
            }
        }
        var refresh = await RefreshCredentialsAsync(stop);
        return refresh < next ? refresh : next;
    }

    // What has left the assignment has stopped: its keys and counts go with it.
    private void Forget(AssignmentDocument assignment)
    {
        var kept = assignment.Entries.Select(e => e.TaskId).ToHashSet(StringComparer.Ordinal);
        foreach (var id in _sent.Keys.Where(id => !kept.Contains(id)).ToArray())
        {
            _sent.Remove(id);
            _granted.TryRemove(id, out _);
            if (_keys.Remove(id, out var keys))
            {
                ForgetKeys(keys.Entry);
            }
        }
        lock (_gate)
        {
            foreach (var id in _unacknowledged.Where(u => !kept.Contains(u.Value)).Select(u => u.Key).ToArray())
            {
                _unacknowledged.Remove(id);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The link to {Instance} ended: {Reason}")]
    private partial void LogEnded(string instance, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The link to {Instance} failed")]
    private partial void LogFailed(string instance, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} refused a message: {Reason}")]
    private partial void LogRefused(string instance, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} sent an unreadable message: {Fault}")]
    private partial void LogUnreadable(string instance, string fault);
}
