using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Services.Ecs.Rules;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// One agent's telemetry socket: health decides what services count as healthy, instance status is shown; metrics are acknowledged and
/// wait for the metrics service. Only changes reach the store. The frames' own signatures are not checked again: the handshake was, and a
/// frame cannot come from anyone else.
/// </summary>
internal sealed partial class TelemetrySession(LinkContext link, LinkSocket socket)
{
    /// <summary>Agents publish every 20 s at least; a socket that is silent for this long leads nowhere any more.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromMinutes(3);
    private const string Ok = "ok";
    private readonly ILogger _log = link.Log;

    public async ValueTask RunAsync(CancellationToken stop)
    {
        var goodbye = (Status: WebSocketCloseStatus.NormalClosure, Reason: "");
        try
        {
            while (await ReceiveAsync(stop) is { } bytes)
            {
                if (TelemetryFrame.TrySplit(bytes, out _, out var json))
                {
                    await HandleAsync(AgentFrame.Decode(json.Span), stop);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException or IOException)
        {
        }
        catch (Exception error)
        {
            LogFailed(link.Instance.Id, error);
            goodbye = (WebSocketCloseStatus.InternalServerError, "Internal error");
        }
        await socket.CloseAsync(goodbye.Status, goodbye.Reason);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken stop)
    {
        using var silence = new CancellationTokenSource(SilenceLimit, link.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, silence.Token);
        return await socket.ReceiveAsync(either.Token);
    }

    private async ValueTask HandleAsync(DecodedFrame frame, CancellationToken stop)
    {
        switch (frame.Message)
        {
            case PublishMetricsRequest:
                await socket.SendAsync(new AckPublishMetric { Message = Ok }, stop);
                break;
            case PublishHealthRequest health:
                foreach (var task in health.Tasks ?? [])
                {
                    await ApplyHealthAsync(task, stop);
                }
                await socket.SendAsync(new AckPublishHealth { Message = Ok }, stop);
                break;
            case PublishInstanceStatusRequest status:
                await ApplyStatusAsync(status, stop);
                await socket.SendAsync(new AckPublishInstanceStatus { Message = Ok }, stop);
                break;
            default:
                break;
        }
    }

    private async ValueTask ApplyHealthAsync(TaskHealth health, CancellationToken stop)
    {
        if (health.TaskArn is not { } arn)
        {
            return;
        }
        var byContainer = (health.Containers ?? []).Where(c => c.ContainerName is not null && c.HealthStatus is not null)
            .DistinctBy(c => c.ContainerName).ToDictionary(c => c.ContainerName!, c => c.HealthStatus!, StringComparer.Ordinal);
        // Only the instance that runs a task may speak for it.
        await TaskChange.ApplyAsync(link.Documents, link.Turns, link.Scope, arn[(arn.LastIndexOf('/') + 1)..],
            t => t.InstanceId == link.Instance.Id ? TaskReports.ApplyHealth(t, byContainer) : t, stop);
    }

    private async ValueTask ApplyStatusAsync(PublishInstanceStatusRequest request, CancellationToken stop)
    {
        if (request.Statuses?.FirstOrDefault(s => s.Status is not null) is not { } status)
        {
            return;
        }
        var now = link.Clock.GetUtcNow();
        await InstanceChange.ApplyAsync(link.Documents, link.Scope, link.Instance.Id,
            i => i.RuntimeStatus == status.Status
                ? i : i with { RuntimeStatus = status.Status, RuntimeStatusUpdatedAt = now, RuntimeStatusChangedAt = now }, stop);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The telemetry link of {Instance} failed")]
    private partial void LogFailed(string instance, Exception error);
}
