using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Services.Ecs.Rules;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// One agent's telemetry socket: health decides what services count as healthy, instance status is shown; metrics are acknowledged
/// unread, as long as there is no metrics service. Only changes reach the store.
/// <para>
/// Each frame carries a signature of its own and is checked like a request: keys that have expired or were taken away since the handshake
/// end the session, and so does a frame of anybody who is not the instance.
/// </para>
/// </summary>
internal sealed partial class TelemetrySession(LinkContext link, LinkSocket socket, FrameCheck check, CancellationToken stop)
    : IWheelSession, IDisposable
{
    /// <summary>An agent that has nothing to publish hears nothing either, and would give up after a minute.</summary>
    public static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(30);
    /// <summary>Our own node publishes every 20 s, whatever it has.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(2);
    private static readonly byte[] Heartbeat = AgentFrame.Encode(new HeartbeatMessage { Healthy = true });
    private const string Ok = "ok";
    private static readonly byte[] MetricAcknowledgment = AgentFrame.Encode(new AckPublishMetric { Message = Ok });
    private readonly ILogger _log = link.Log;
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private readonly Lock _gate = new();
    private long _lastHeard = link.Clock.GetTimestamp();
    private int _beating;
    private (WebSocketCloseStatus Status, string Reason) _goodbye = (WebSocketCloseStatus.NormalClosure, "");

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
        using var abort = new CancellationTokenSource();
        var receiving = ReceiveAsync(abort.Token);
        try
        {
            using var seat = link.Wheel.Join(this);
            await receiving.WaitAsync(_end.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException or IOException)
        {
        }
        catch (LinkViolationException violation)
        {
            LogViolated(link.Instance.Id, violation.Message);
            _goodbye = (violation.Status, violation.Message);
        }
        catch (Exception error)
        {
            LogFailed(link.Instance.Id, error);
            _goodbye = (SessionRegistry.Failed, "Internal error");
        }
        await _end.CancelAsync();
        await socket.CloseAsync(_goodbye.Status, _goodbye.Reason);
        abort.CancelAfter(LinkSocket.CloseLimit);
        await receiving.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public void Dispose() => _end.Dispose();

    /// <summary>The time's part of the session.</summary>
    public void Look(ReadOnlyMemory<byte> heartbeat)
    {
        if (link.IsLongspanNode && link.Clock.GetElapsedTime(_lastHeard) > LongestSilence)
        {
            End(WebSocketCloseStatus.NormalClosure, "Nothing was published for too long.");
        }
        else if (link.Clock.GetElapsedTime(socket.LastSent) > HeartbeatPeriod - LinkWheel.Round && Interlocked.Exchange(ref _beating, 1) == 0)
        {
            _ = BeatAsync();
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            await socket.SendAsync(Heartbeat, _end.Token);
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

    private async Task ReceiveAsync(CancellationToken aborted)
    {
        while (await socket.ReceiveAsync(aborted) is { } bytes)
        {
            _lastHeard = link.Clock.GetTimestamp();
            var json = await OpenAsync(bytes, aborted);
            var frame = AgentFrame.Decode(json.Span, unread: nameof(PublishMetricsRequest));
            if (frame.Fault is { } fault)
            {
                if (socket.CountUnreadable())
                {
                    LogUnreadable(link.Instance.Id, fault);
                }
                continue;
            }
            await HandleAsync(frame, aborted);
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> OpenAsync(ReadOnlyMemory<byte> bytes, CancellationToken aborted)
    {
        try
        {
            var (caller, json) = await check(bytes, aborted);
            return caller.AccountId == link.Account.AccountId && link.Instance.BelongsTo(caller) ? json
                : throw new LinkViolationException(WebSocketCloseStatus.PolicyViolation, "AccessDeniedException: A frame was signed by another identity.");
        }
        catch (AwsError refusal) when (!refusal.IsServerFault)
        {
            throw new LinkViolationException(WebSocketCloseStatus.PolicyViolation, $"{refusal.Code}: {refusal.Message}");
        }
    }

    private async ValueTask HandleAsync(DecodedFrame frame, CancellationToken aborted)
    {
        if (frame.Type == nameof(PublishMetricsRequest))
        {
            await socket.SendAsync(MetricAcknowledgment, aborted);
            return;
        }
        switch (frame.Message)
        {
            case PublishHealthRequest health:
                foreach (var task in health.Tasks ?? [])
                {
                    await ApplyHealthAsync(task, aborted);
                }
                await socket.SendAsync(new AckPublishHealth { Message = Ok }, aborted);
                break;
            case PublishInstanceStatusRequest status:
                await ApplyStatusAsync(status, aborted);
                await socket.SendAsync(new AckPublishInstanceStatus { Message = Ok }, aborted);
                break;
            default:
                break;
        }
    }

    private async ValueTask ApplyHealthAsync(TaskHealth health, CancellationToken aborted)
    {
        if (health.TaskArn is not { } arn)
        {
            return;
        }
        var byContainer = (health.Containers ?? [])
            .Where(c => c is { ContainerName: not null, HealthStatus: "HEALTHY" or "UNHEALTHY" or "UNKNOWN" })
            .DistinctBy(c => c.ContainerName).ToDictionary(c => c.ContainerName!, c => c.HealthStatus!, StringComparer.Ordinal);
        // Only the instance that runs a task may speak for it.
        await TaskChange.ApplyAsync(link.Documents, link.Turns, link.Scope, arn[(arn.LastIndexOf('/') + 1)..],
            t => t.InstanceId == link.Instance.Id ? TaskReports.ApplyHealth(t, byContainer) : t, aborted);
    }

    private async ValueTask ApplyStatusAsync(PublishInstanceStatusRequest request, CancellationToken aborted)
    {
        if (request.Statuses?.FirstOrDefault(s => s.Type is null or "ContainerRuntime") is not
            { Status: "OK" or "IMPAIRED" or "INSUFFICIENT_DATA" or "INITIALIZING" } status)
        {
            return;
        }
        var now = link.Clock.GetUtcNow();
        link.Sessions.RuntimeSeen(link.Key, now);
        await InstanceChange.ApplyAsync(link.Documents, link.Scope, link.Instance.Id,
            i => i.RuntimeStatus == status.Status
                ? i : i with { RuntimeStatus = status.Status, RuntimeStatusUpdatedAt = now, RuntimeStatusChangedAt = now }, aborted);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The telemetry link of {Instance} failed")]
    private partial void LogFailed(string instance, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The telemetry link of {Instance} was closed: {Reason}")]
    private partial void LogViolated(string instance, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} sent telemetry that cannot be read: {Fault}")]
    private partial void LogUnreadable(string instance, string fault);
}

/// <summary>Who signed a frame, and its payload.</summary>
internal delegate ValueTask<(Kernel.Caller Caller, ReadOnlyMemory<byte> Payload)> FrameCheck(ReadOnlyMemory<byte> frame, CancellationToken stop);
