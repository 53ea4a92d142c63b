using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Kernel;

namespace Longspan.Core.Tests.Ecs;

/// <summary>How the fake agent answers a task that it is to run.</summary>
internal enum Behaviour
{
    Run, Ignore, FailToStart, Crash,
}

/// <summary>
/// An agent without containers: it registers, speaks the control and telemetry protocols over real websockets, acknowledges, and reports
/// states by the public operations. Its state outlives a connection, as a real agent's does.
/// </summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<AgentMessage> _received = [];
    private readonly Dictionary<string, AgentTask> _running = new(StringComparer.Ordinal);
    private EcsCloud _cloud;
    private ClientWebSocket? _socket;
    private Task _loop = Task.CompletedTask;
    private bool _credentials = true;
    private int _highest;

    private FakeAgent(EcsCloud cloud, string arn) => (_cloud, Arn) = (cloud, arn);

    public string Arn { get; }
    public string Id => Arn[(Arn.LastIndexOf('/') + 1)..];
    public Func<AgentTask, Behaviour> Decide { get; set; } = _ => Behaviour.Run;
    public bool Acknowledges { get; set; } = true;
    /// <summary>What the tag of every image leads to.</summary>
    public string? Digest { get; set; }

    public IReadOnlyList<AgentMessage> Received
    {
        get
        {
            lock (_gate)
            {
                return [.. _received];
            }
        }
    }

    public IReadOnlyList<T> ReceivedOf<T>() => [.. Received.OfType<T>()];

    public IReadOnlyList<AgentTask> Running
    {
        get
        {
            lock (_gate)
            {
                return [.. _running.Values];
            }
        }
    }

    /// <summary>The number of tasks at the moment at which it was highest, if that is more than the node has room for.</summary>
    public IEnumerable<int> Overfilled(int room) => _highest > room ? [_highest] : [];

    /// <summary>What every agent of these days can do.</summary>
    private static IEnumerable<EcsAttribute> Common => new[] { 17, 18, 19, 20, 21, 22, 23, 24, 25 }
        .Select(v => $"com.amazonaws.ecs.capability.docker-remote-api.1.{v}").Append("ecs.capability.task-cpu-mem-limit")
        .Select(n => new EcsAttribute { Name = n });

    public static async Task<FakeAgent> JoinAsync(
        EcsCloud cloud, string pool = "FARGATE", int cpu = 4096, int memory = 8192, bool connect = true, params EcsAttribute[] attributes)
    {
        var own = pool switch
        {
            "FARGATE" => [new EcsAttribute { Name = "longspan.capacity", Value = "fargate" }],
            "EXTERNAL" => new[] { new EcsAttribute { Name = "ecs.capability.external" } },
            _ => [],
        };
        var answer = await cloud.CallAsync(EcsOperations.RegisterContainerInstance, new RegisterContainerInstanceRequest
        {
            Attributes = [.. own, .. Common, .. attributes, new EcsAttribute { Name = "ecs.os-type", Value = "linux" }],
            TotalResources =
            [
                new Resource { Name = "CPU", Type = "INTEGER", IntegerValue = cpu },
                new Resource { Name = "MEMORY", Type = "INTEGER", IntegerValue = memory },
                new Resource { Name = "PORTS", Type = "STRINGSET", StringSetValue = ["22"] },
                new Resource { Name = "PORTS_UDP", Type = "STRINGSET", StringSetValue = [] },
            ],
            ClientToken = Ids.Uuid(),
        });
        var agent = new FakeAgent(cloud, answer.ContainerInstance!.ContainerInstanceArn!);
        if (connect)
        {
            await agent.ConnectAsync();
        }
        return agent;
    }

    /// <summary>The agent of an instance that is registered already.</summary>
    public static async Task<FakeAgent> TakeAsync(EcsCloud cloud, string arn)
    {
        var agent = new FakeAgent(cloud, arn);
        await agent.ConnectAsync();
        return agent;
    }

    public async Task ConnectAsync(EcsCloud? cloud = null)
    {
        _cloud = cloud ?? _cloud;
        var socket = new ClientWebSocket();
        var query = $"agentHash=x&agentVersion=1.99.1&clusterArn=default&containerInstanceArn={Uri.EscapeDataString(Arn)}"
            + $"&dockerVersion=DockerVersion%3A+20&protocolVersion=2&sendCredentials={(_credentials ? "true" : "false")}&seqNum=1";
        await socket.ConnectAsync(new Uri($"ws://{_cloud.Endpoint.Authority}/ecs/acs/ws?{query}"), CancellationToken.None);
        _credentials = false;
        _socket = socket;
        var manifests = ReceivedOf<TaskManifestMessage>().Count;
        _loop = Task.Run(() => ReceiveAsync(socket));
        await EcsCloud.UntilAsync("manifest", () => Task.FromResult(ReceivedOf<TaskManifestMessage>().Count), n => n > manifests);
    }

    /// <summary>Forgets its keys, as an agent does that is started again.</summary>
    public void Restart() => _credentials = true;

    /// <summary>Cuts the connection without a word.</summary>
    public async Task CutAsync()
    {
        _socket?.Abort();
        await _loop;
        _socket?.Dispose();
        _socket = null;
    }

    /// <summary>Waits for the server's goodbye.</summary>
    public Task<WebSocketCloseStatus?> UntilClosedAsync() =>
        EcsCloud.UntilAsync("closed", () => Task.FromResult(_socket?.CloseStatus), status => status is not null);

    public string? CloseReason => _socket?.CloseStatusDescription;

    public Task SendAsync(AgentMessage message) =>
        _socket!.SendAsync(AgentFrame.Encode(message), WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>Ends one task as if its container had ended.</summary>
    public Task ExitAsync(string taskArn, int exitCode)
    {
        lock (_gate)
        {
            _running.Remove(taskArn);
        }
        return ReportAsync(taskArn, "STOPPED", exitCode);
    }

    public async Task<AgentMessage?> PublishHealthAsync(string taskArn, string status)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(
            new Uri($"ws://{_cloud.Endpoint.Authority}/ecs/tcs/ws?cluster=default&containerInstance={Uri.EscapeDataString(Arn)}"),
            CancellationToken.None);
        var json = AgentFrame.Encode(new PublishHealthRequest
        {
            Metadata = new HealthMetadata { Cluster = "default", ContainerInstance = Arn, Fin = true },
            Tasks = [new TaskHealth { TaskArn = taskArn, Containers = [new ContainerHealth { ContainerName = "main", HealthStatus = status }] }],
        });
        var frame = TelemetryFrame.Join(
            [new("Authorization", "AWS4-HMAC-SHA256 x"), new("Host", "localhost"), new("X-Amz-Date", "20260101T000000Z")], json);
        await socket.SendAsync(frame, WebSocketMessageType.Text, true, CancellationToken.None);
        var answer = await ReadAsync(socket);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        return answer;
    }

    public async ValueTask DisposeAsync() => await CutAsync();

    private static async Task<AgentMessage?> ReadAsync(ClientWebSocket socket)
    {
        var bytes = new byte[256 * 1024];
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(bytes.AsMemory(length), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }
            length += part.Count;
            if (part.EndOfMessage)
            {
                return AgentFrame.Decode(bytes.AsSpan(0, length)).Message;
            }
        }
    }

    private async Task ReceiveAsync(ClientWebSocket socket)
    {
        try
        {
            while (await ReadAsync(socket) is { } message)
            {
                lock (_gate)
                {
                    _received.Add(message);
                }
                await AnswerAsync(message);
            }
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private async Task AnswerAsync(AgentMessage message)
    {
        switch (message)
        {
            case HeartbeatMessage heartbeat:
                await SendAsync(new HeartbeatAckRequest { MessageId = heartbeat.MessageId });
                break;
            case PayloadMessage payload:
                if (Acknowledges)
                {
                    await SendAsync(new AckRequest { Cluster = payload.ClusterArn, ContainerInstance = Arn, MessageId = payload.MessageId });
                }
                foreach (var task in payload.Tasks!)
                {
                    await AcknowledgeAsync(payload.MessageId!, task.RoleCredentials, task.ExecutionRoleCredentials);
                    await HandleAsync(task);
                }
                break;
            case IAMRoleCredentialsMessage renewed:
                await AcknowledgeAsync(renewed.MessageId!, renewed.RoleCredentials);
                break;
            default:
                break;
        }
    }

    private async Task AcknowledgeAsync(string messageId, params IAMRoleCredentials?[] keys)
    {
        foreach (var set in keys.OfType<IAMRoleCredentials>())
        {
            await SendAsync(new IAMRoleCredentialsAckRequest { MessageId = messageId, CredentialsId = set.CredentialsId, Expiration = set.Expiration });
        }
    }

    private async Task HandleAsync(AgentTask task)
    {
        if (task.DesiredStatus == AgentTask.Stopped)
        {
            await ExitAsync(task.Arn!, 137);
            return;
        }
        lock (_gate)
        {
            if (_running.ContainsKey(task.Arn!))
            {
                return;
            }
        }
        switch (Decide(task))
        {
            case Behaviour.Run:
                lock (_gate)
                {
                    _running[task.Arn!] = task;
                    _highest = Math.Max(_highest, _running.Count);
                }
                await ReportAsync(task.Arn!, "RUNNING", null);
                break;
            case Behaviour.FailToStart:
                await ReportAsync(task.Arn!, "STOPPED", null, "CannotPullContainerError: no such image");
                break;
            case Behaviour.Crash:
                await ReportAsync(task.Arn!, "RUNNING", null);
                await ReportAsync(task.Arn!, "STOPPED", 1);
                break;
            default:
                break;
        }
    }

    private Task<SubmitTaskStateChangeResponse> ReportAsync(string taskArn, string status, int? exitCode, string? reason = null) =>
        _cloud.CallAsync(EcsOperations.SubmitTaskStateChange, new SubmitTaskStateChangeRequest
        {
            Cluster = "default",
            Task = taskArn,
            Status = status,
            Reason = "",
            Containers =
            [
                new ContainerStateChange { ContainerName = "main", Status = status, ExitCode = exitCode, Reason = reason, RuntimeId = "r1", ImageDigest = Digest },
            ],
        });
}
