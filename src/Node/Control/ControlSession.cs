using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Longspan.Wire.Client;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Control;

/// <summary>
/// The control websocket: dials, answers, and dials again. Messages are taken at-least-once and acknowledged after they are saved; the
/// tasks themselves go on whether the link is up or not.
/// </summary>
internal sealed class ControlSession(
    NodeSettings settings, TaskEngine tasks, CredentialStore credentials, CredentialSource keys, ServerTrust trust, LinkState link, ILogger log)
{
    private static readonly TimeSpan ShortestPatience = TimeSpan.FromSeconds(5);
    private const double MissedHeartbeats = 2.5;
    private static readonly TimeSpan RefreshMargin = TimeSpan.FromMinutes(5);

    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(250), settings.RetryLimit);
    private bool _hadCredentials;
    private DateTimeOffset? _endedAt;
    private string? _manifestId;
    private string? _told;

    /// <summary>Dials until stopped. Returns true when the server says that it does not know the instance: it must register again.</summary>
    public async Task<bool> RunAsync(string endpoint, SavedInstance instance, EngineDescription engine, CancellationToken stop)
    {
        for (var failures = 0; !stop.IsCancellationRequested;)
        {
            try
            {
                await using var socket = await DialAsync(endpoint, instance, engine, stop);
                failures = 0;
                await TalkAsync(socket, instance, stop);
                if (socket.CloseReason.Contains(nameof(InactiveInstanceException), StringComparison.Ordinal))
                {
                    log.LogWarning("The server has deregistered this node; its tasks keep running");
                    return true;
                }
            }
            catch (SocketRefusedException e) when (e.Status is >= 400 and < 500)
            {
                Tell($"the server refuses the control connection: {e.Message}");
                if (++failures >= 3)
                {
                    return true;
                }
            }
            catch (Exception e) when (!stop.IsCancellationRequested
                && e is WebSocketException or SocketRefusedException or HttpRequestException or IOException or OperationCanceledException or AwsError)
            {
                Tell($"no control connection: {e.Message}");
                if (++failures >= 20)
                {
                    // The endpoint may have moved.
                    return true;
                }
            }
            if (link.IsUp)
            {
                link.Down();
                _endedAt = settings.Time.GetUtcNow();
                log.LogWarning("The link to the server is down; running tasks go on");
            }
            try
            {
                await Task.Delay(_backoff.Next(), settings.Time, stop);
            }
            catch (OperationCanceledException)
            {
            }
        }
        return false;
    }

    private void Tell(string text)
    {
        if (_told != text)
        {
            _told = text;
            log.LogWarning("{Text}; trying again", text.TrimEnd('.'));
        }
    }

    private async Task<Socket> DialAsync(string endpoint, SavedInstance instance, EngineDescription engine, CancellationToken stop)
    {
        KeyValuePair<string, string>[] query =
        [
            new("agentHash", "longspan"), new("agentVersion", NodeAgent.Version), new("clusterArn", settings.Cluster),
            new("containerInstanceArn", instance.ContainerInstanceArn), new("dockerVersion", $"DockerVersion: {engine.Version}"),
            new("protocolVersion", "2"), new("sendCredentials", NeedsCredentials() ? "true" : "false"), new("seqNum", "1"),
        ];
        return await Socket.DialAsync(endpoint, query, trust, await keys(stop), settings.Region, settings.Time, stop);
    }

    /// <summary>True at first, and when a long cut has let the keys of a live task run out.</summary>
    private bool NeedsCredentials()
    {
        var soon = settings.Time.GetUtcNow() + RefreshMargin;
        return !_hadCredentials || tasks.Runners.Any(r => !r.IsOver && r.Task.RoleCredentialsId is { } id
            && !(DateTimeOffset.TryParse(credentials.Get(id)?.Expiration, out var expires) && expires > soon));
    }

    private async Task TalkAsync(Socket socket, SavedInstance instance, CancellationToken stop)
    {
        _hadCredentials = true;
        _told = null;
        log.LogInformation("Connected to {Endpoint}", socket.Address.GetLeftPart(UriPartial.Path));
        var connectedAt = settings.Time.GetUtcNow();
        var connection = NodeIds.Uuid();
        await socket.SendAsync(Report(connection), stop);
        tasks.AloneRestartsTold();
        credentials.Offline.Told();
        link.Up(connection);
        var patience = settings.HeartbeatTimeout;
        DateTimeOffset? lastBeat = null;
        while (await socket.ReceiveAsync(patience, stop) is { } frame)
        {
            if (settings.Time.GetUtcNow() - connectedAt > TimeSpan.FromSeconds(30))
            {
                _backoff.Reset();
            }
            if (frame.Message is HeartbeatMessage)
            {
                var now = settings.Time.GetUtcNow();
                if (lastBeat is { } before)
                {
                    // The server's own rhythm tells how long silence may last.
                    var learned = (now - before) * MissedHeartbeats;
                    patience = learned < ShortestPatience ? ShortestPatience : learned < settings.HeartbeatTimeout ? learned : settings.HeartbeatTimeout;
                }
                lastBeat = now;
            }
            if (frame.Message is { } message)
            {
                await AnswerAsync(socket, message, instance, stop);
            }
            else
            {
                log.LogDebug("Ignored a frame of type {Type}: {Fault}", frame.Type, frame.Fault ?? "unknown type");
            }
        }
        if (socket.CloseStatus is null)
        {
            Tell($"nothing heard from the server for {patience.TotalSeconds:0} s");
        }
    }

    private NodeReportMessage Report(string connection) => new()
    {
        Connection = connection,
        NodeName = settings.Name,
        AgentVersion = NodeAgent.Version,
        Generation = tasks.Generation,
        DisconnectedSince = Seconds(_endedAt),
        Tasks = [.. tasks.Runners.Select(r => new NodeTaskReport
        {
            TaskArn = r.Task.Arn,
            DesiredStatus = r.StopWanted ? AgentTask.Stopped : AgentTask.Running,
            KnownStatus = r.Task.KnownStatus,
            Family = r.Task.Task.Family,
            Version = r.Task.Task.Version,
            ServiceName = r.Task.Task.ServiceName,
            AloneRestarts = r.Task.AloneRestarts > 0 ? r.Task.AloneRestarts : null,
            LastAloneEnd = r.Task.AloneRestarts > 0 ? r.Task.LastAloneEnd : null,
            CredentialsExpiredAt = r.IsOver ? null : Seconds(EndOf(r.Task.RoleCredentialsId)),
            OfflineCredentialsSince = r.IsOver ? null : Seconds(credentials.Offline.ServedSince(r.Task.RoleCredentialsId)),
            HasOfflineCredentials = credentials.Offline.Find(r.Task.RoleCredentialsId) is null ? null : true,
            PrivateIPv4Address = r.Task.Task.NetworkMode == "awsvpc"
                ? r.Task.Containers.Select(c => c.Address).FirstOrDefault(a => a is { Length: > 0 }) : null,
        })],
        LostLogEvents = link.LostLogEvents(),
        SpooledLogBytes = link.SpooledLogBytes(),
    };

    /// <summary>When the last keys that the task's containers could get came to their end, if they have.</summary>
    private DateTimeOffset? EndOf(string? credentialsId)
    {
        var usual = credentials.ExpiryOf(credentialsId);
        var end = credentials.Offline.ServedSince(credentialsId) is null ? usual : credentials.Offline.Find(credentialsId)?.Ends;
        return end <= settings.Time.GetUtcNow() ? end : null;
    }

    private static double? Seconds(DateTimeOffset? time) => (time - DateTimeOffset.UnixEpoch)?.TotalSeconds;

    private async Task AnswerAsync(Socket socket, AgentMessage message, SavedInstance instance, CancellationToken stop)
    {
        switch (message)
        {
            case HeartbeatMessage beat:
                await socket.SendAsync(new HeartbeatAckRequest { MessageId = beat.MessageId }, stop);
                break;
            case PayloadMessage payload:
                await TakeAsync(socket, payload, stop);
                break;
            case IAMRoleCredentialsMessage { MessageId.Length: > 0, RoleCredentials: { IsComplete: true } fresh } renewed
                when renewed.RoleType is IAMRoleCredentialsMessage.TaskApplication or IAMRoleCredentialsMessage.TaskExecution:
                await RenewAsync(socket, renewed, fresh, stop);
                break;
            case OfflineCredentialsMessage sent when tasks.Find(sent.TaskArn) is { } runner:
                credentials.Offline.Take(runner.Task, sent);
                break;
            case TaskManifestMessage { MessageId.Length: > 0 } manifest:
                await CompareAsync(socket, manifest, instance, stop);
                break;
            case TaskStopVerificationAck verified when verified.MessageId is { Length: > 0 } id && id == _manifestId:
                _manifestId = null;
                tasks.Stop(verified.StopTasks ?? []);
                break;
            case AttachTaskNetworkInterfacesMessage { MessageId: { } id } attach:
                await socket.SendAsync(Ack(attach.ClusterArn, attach.ContainerInstanceArn, id), stop);
                break;
            case AttachInstanceNetworkInterfacesMessage { MessageId: { } id } attach:
                await socket.SendAsync(Ack(attach.ClusterArn, attach.ContainerInstanceArn, id), stop);
                break;
            case ConfirmAttachmentMessage { MessageId: { } id } confirm:
                await socket.SendAsync(Ack(confirm.ClusterArn, confirm.ContainerInstanceArn, id), stop);
                break;
            case StageUpdateMessage { MessageId: { } id } update:
                await socket.SendAsync(Nack(update.ClusterArn, update.ContainerInstanceArn, id), stop);
                break;
            case PerformUpdateMessage { MessageId: { } id } update:
                await socket.SendAsync(Nack(update.ClusterArn, update.ContainerInstanceArn, id), stop);
                break;
        }
    }

    private async Task RenewAsync(Socket socket, IAMRoleCredentialsMessage renewed, IAMRoleCredentials fresh, CancellationToken stop)
    {
        credentials.Put(fresh);
        if (tasks.Find(renewed.TaskArn) is not null)
        {
            await AcknowledgeAsync(socket, renewed.MessageId!, fresh, stop);
        }
    }

    private async Task TakeAsync(Socket socket, PayloadMessage payload, CancellationToken stop)
    {
        if (payload is not { MessageId.Length: > 0, ClusterArn.Length: > 0, ContainerInstanceArn.Length: > 0 })
        {
            log.LogWarning("A payload without its ids was dropped");
            return;
        }
        var sound = tasks.Accept(payload);
        if (sound)
        {
            await socket.SendAsync(Ack(payload.ClusterArn, payload.ContainerInstanceArn, payload.MessageId), stop);
        }
        foreach (var sent in (payload.Tasks ?? []).SelectMany(t => new[] { t.RoleCredentials, t.ExecutionRoleCredentials }))
        {
            if (sent is { IsComplete: true })
            {
                await AcknowledgeAsync(socket, payload.MessageId, sent, stop);
            }
        }
    }

    private async Task CompareAsync(Socket socket, TaskManifestMessage manifest, SavedInstance instance, CancellationToken stop)
    {
        if (tasks.Compare(manifest) is not { } candidates)
        {
            return;
        }
        _manifestId = manifest.MessageId;
        await socket.SendAsync(
            Ack(manifest.ClusterArn ?? settings.Cluster, manifest.ContainerInstanceArn ?? instance.ContainerInstanceArn, manifest.MessageId!), stop);
        if (candidates.Count > 0)
        {
            await socket.SendAsync(new TaskStopVerificationMessage { MessageId = manifest.MessageId, StopCandidates = candidates }, stop);
        }
    }

    private static Task AcknowledgeAsync(Socket socket, string messageId, IAMRoleCredentials sent, CancellationToken stop) => socket.SendAsync(
        new IAMRoleCredentialsAckRequest { MessageId = messageId, CredentialsId = sent.CredentialsId, Expiration = sent.Expiration }, stop);

    private static AckRequest Ack(string? cluster, string? instance, string id) =>
        new() { Cluster = cluster, ContainerInstance = instance, MessageId = id };

    private static NackRequest Nack(string? cluster, string? instance, string id) =>
        new() { Cluster = cluster, ContainerInstance = instance, MessageId = id, Reason = "Updates are disabled" };
}
