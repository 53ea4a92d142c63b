using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Wire.Signing;

namespace Longspan.Fleet;

/// <summary>
/// A node as the server sees one: it registers, keeps both signed websockets, acknowledges, answers manifests, and reports what its tasks
/// do. Its containers are a word in memory. What the server cannot see (an engine, a disk, health checks) is not there.
/// </summary>
internal sealed class SimulatedNode(FleetWorld world, int index) : IDisposable
{
    private const int TasksPerFrame = 10;
    private const string Version = "0.1.0";
    private static readonly TimeSpan PublishInterval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private readonly ConcurrentDictionary<string, SimulatedTask> _tasks = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(world.Stop);
    private string _arn = "";
    private string? _manifestId;
    private long _generation;
    private LeanSocket? _control;
    private LeanSocket? _telemetry;

    public int Running => _tasks.Count(t => t.Value.Status == AgentTask.Running);

    public async Task RunAsync()
    {
        try
        {
            var registered = await world.CallAsync(EcsOperations.RegisterContainerInstance, NodeFacts.Request(index), _end.Token);
            _arn = registered.ContainerInstance!.ContainerInstanceArn!;
            var endpoints = await world.CallAsync(
                EcsOperations.DiscoverPollEndpoint, new() { Cluster = FleetWorld.Cluster, ContainerInstance = _arn }, _end.Token);
            await Task.WhenAll(
                AgainAndAgainAsync(() => ControlAsync(endpoints.Endpoint!)), AgainAndAgainAsync(() => TelemetryAsync(endpoints.TelemetryEndpoint!)));
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
    }

    /// <summary>The machine is gone: no goodbye, and it never comes back.</summary>
    public void Vanish()
    {
        _end.Cancel();
        _control?.Abort();
        _telemetry?.Abort();
    }

    public void Dispose() => _end.Dispose();

    private async Task AgainAndAgainAsync(Func<Task> session)
    {
        for (var pause = TimeSpan.FromMilliseconds(250); !_end.IsCancellationRequested;)
        {
            var began = TimeProvider.System.GetTimestamp();
            try
            {
                await session();
            }
            catch (Exception e) when (e is WebSocketException or HttpRequestException or IOException or OperationCanceledException)
            {
            }
            pause = TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(30) ? TimeSpan.FromMilliseconds(250)
                : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            await Task.Delay(pause * (RandomNumberGenerator.GetInt32(500, 1000) / 1000.0), _end.Token);
        }
    }

    private async Task ControlAsync(string endpoint)
    {
        (string, string)[] query =
        [
            ("agentHash", "longspan"), ("agentVersion", Version), ("clusterArn", FleetWorld.Cluster), ("containerInstanceArn", _arn),
            ("dockerVersion", "DockerVersion: 27.0.0"), ("protocolVersion", "2"), ("sendCredentials", _generation == 0 ? "true" : "false"), ("seqNum", "1"),
        ];
        using var socket = _control = await LeanSocket.DialAsync(world, endpoint, query, _end.Token);
        Interlocked.Increment(ref world.Connected);
        var reconciled = false;
        try
        {
            await socket.SendAsync(Report(), _end.Token);
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            silence.CancelAfter(Patience);
            while (await socket.ReceiveAsync(silence.Token) is { } frame)
            {
                silence.CancelAfter(Patience);
                switch (frame.Message)
                {
                    case HeartbeatMessage beat:
                        await socket.SendAsync(new HeartbeatAckRequest { MessageId = beat.MessageId }, _end.Token);
                        break;
                    case PayloadMessage payload:
                        Interlocked.Increment(ref world.Payloads);
                        _generation = Math.Max(_generation, payload.SeqNum ?? 0);
                        Take(payload);
                        await socket.SendAsync(Ack(payload.MessageId!), _end.Token);
                        break;
                    case TaskManifestMessage manifest:
                        await CompareAsync(socket, manifest);
                        if (!reconciled)
                        {
                            reconciled = true;
                            Interlocked.Increment(ref world.Reconciled);
                        }
                        break;
                    case TaskStopVerificationAck verified when verified.MessageId == _manifestId:
                        foreach (var task in verified.StopTasks ?? [])
                        {
                            StopTask(task.TaskArn!);
                        }
                        break;
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref world.Connected);
            if (reconciled)
            {
                Interlocked.Decrement(ref world.Reconciled);
            }
        }
    }

    private NodeReportMessage Report() => new()
    {
        NodeName = NodeFacts.Name(index), AgentVersion = Version, Generation = _generation,
        Tasks = [.. _tasks.Select(t => new NodeTaskReport { TaskArn = t.Key, DesiredStatus = AgentTask.Running, KnownStatus = t.Value.Status })],
    };

    private AckRequest Ack(string id) => new() { Cluster = FleetWorld.Cluster, ContainerInstance = _arn, MessageId = id };

    private void Take(PayloadMessage payload)
    {
        foreach (var task in payload.Tasks ?? [])
        {
            if (task.DesiredStatus == AgentTask.Stopped)
            {
                StopTask(task.Arn!);
            }
            else if (_tasks.TryAdd(task.Arn!, new SimulatedTask(task.Family ?? "", task.Version ?? "", task.Containers is [{ Name: { } name }, ..] ? name : "main")))
            {
                _ = StartAsync(task.Arn!);
            }
        }
    }

    private async Task StartAsync(string arn)
    {
        try
        {
            await Task.Delay(world.Settings.StartDelay, _end.Token);
            if (!_tasks.TryGetValue(arn, out var task) || task.Status == AgentTask.Stopped)
            {
                return;
            }
            task.Status = AgentTask.Running;
            Interlocked.Increment(ref world.Running);
            await SubmitAsync(arn, task, AgentTask.Running, null);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void StopTask(string arn)
    {
        if (_tasks.TryRemove(arn, out var task))
        {
            var ran = task.Status == AgentTask.Running;
            task.Status = AgentTask.Stopped;
            Interlocked.Increment(ref world.Stopped);
            if (ran)
            {
                Interlocked.Decrement(ref world.Running);
            }
            _ = SubmitStoppedAsync(arn, task);
        }
    }

    private async Task SubmitStoppedAsync(string arn, SimulatedTask task)
    {
        try
        {
            await SubmitAsync(arn, task, AgentTask.Stopped, 143);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task SubmitAsync(string arn, SimulatedTask task, string status, int? exitCode)
    {
        await world.CallAsync(EcsOperations.SubmitTaskStateChange, new SubmitTaskStateChangeRequest
        {
            Cluster = FleetWorld.Cluster, Task = arn, Status = status,
            Containers =
            [
                new() { ContainerName = task.Container, Status = status, RuntimeId = task.RuntimeId, ExitCode = exitCode, ImageDigest = NodeFacts.Digest },
            ],
        }, _end.Token);
        Interlocked.Increment(ref world.Reports);
    }

    private async Task CompareAsync(LeanSocket socket, TaskManifestMessage manifest)
    {
        if (manifest.Timeline <= _generation)
        {
            return;
        }
        _generation = manifest.Timeline ?? _generation;
        _manifestId = manifest.MessageId;
        await socket.SendAsync(Ack(manifest.MessageId!), _end.Token);
        var listed = (manifest.Tasks ?? []).Select(t => t.TaskArn!).ToHashSet(StringComparer.Ordinal);
        var candidates = _tasks.Keys.Where(arn => !listed.Contains(arn))
            .Select(arn => new TaskIdentifier { TaskArn = arn, TaskClusterArn = manifest.ClusterArn, DesiredStatus = AgentTask.Stopped }).ToList();
        if (candidates.Count > 0)
        {
            await socket.SendAsync(new TaskStopVerificationMessage { MessageId = manifest.MessageId, StopCandidates = candidates }, _end.Token);
        }
    }

    private async Task TelemetryAsync(string endpoint)
    {
        (string, string)[] query =
        [
            ("agentHash", "longspan"), ("agentVersion", Version), ("cluster", FleetWorld.Cluster), ("containerInstance", _arn), ("dockerVersion", "27.0.0"),
        ];
        using var socket = _telemetry = await LeanSocket.DialAsync(world, endpoint, query, _end.Token);
        Interlocked.Increment(ref world.Telemetry);
        using var session = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var publishing = PublishAsync(socket, session.Token);
        try
        {
            while (await socket.ReceiveAsync(session.Token) is not null)
            {
            }
        }
        finally
        {
            Interlocked.Decrement(ref world.Telemetry);
            await session.CancelAsync();
            await publishing.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task PublishAsync(LeanSocket socket, CancellationToken stop)
    {
        await Task.Delay(PublishInterval * (RandomNumberGenerator.GetInt32(1000) / 1000.0), stop);
        while (true)
        {
            var metrics = world.Settings.Metrics ? _tasks.Where(t => t.Value.Status == AgentTask.Running).Select(t => t.Value.Metric(t.Key)).ToList() : [];
            var id = NodeFacts.NewId();
            var frames = metrics.Chunk(TasksPerFrame).DefaultIfEmpty([]).ToList();
            for (var i = 0; i < frames.Count; i++)
            {
                var now = TimeProvider.System.GetUtcNow();
                var message = new PublishMetricsRequest
                {
                    Metadata = new MetricsMetadata
                    {
                        Cluster = FleetWorld.Cluster, ContainerInstance = _arn, MessageId = id, Idle = metrics.Count == 0, Fin = i == frames.Count - 1,
                    },
                    TaskMetrics = frames[i].Length == 0 ? null : frames[i],
                    Timestamp = Math.Round((now - DateTimeOffset.UnixEpoch).TotalSeconds, 3),
                };
                await socket.SendAsync(SigV4Signer.SignFrame(socket.Address, AgentFrame.Encode(message), world.Keys, FleetWorld.Region, "ecs", now), stop);
            }
            await Task.Delay(PublishInterval, stop);
        }
    }
}
