using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Control;

/// <summary>
/// The telemetry websocket: container health (at once when it changes) and usage. Advisory data: what cannot be sent is skipped.
/// </summary>
internal sealed class TelemetrySession(
    NodeSettings settings, TaskEngine tasks, ContainerEngine engine, CredentialSource keys, ServerTrust trust, ILogger log)
{
    private const int TasksPerFrame = 10;
    private static readonly TimeSpan PublishInterval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
    private readonly Dictionary<string, UsageReading> _last = new(StringComparer.Ordinal);

    public async Task RunAsync(string endpoint, SavedInstance instance, EngineDescription description, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                KeyValuePair<string, string>[] query =
                [
                    new("agentHash", "longspan"), new("agentVersion", NodeAgent.Version), new("cluster", settings.Cluster),
                    new("containerInstance", instance.ContainerInstanceArn), new("dockerVersion", description.Version),
                ];
                await using var socket = await Socket.DialAsync(endpoint, query, trust, await keys(stop), settings.Region, settings.Time, stop);
                _backoff.Reset();
                using var session = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var reading = ReadAsync(socket, session.Token);
                var publishing = PublishAsync(socket, instance, description.CpuCount, session.Token);
                await await Task.WhenAny(reading, publishing);
                await session.CancelAsync();
                await Task.WhenAll(Swallow(reading), Swallow(publishing));
            }
            catch (Exception e) when (e is WebSocketException or SocketRefusedException or HttpRequestException or IOException
                or OperationCanceledException or AwsError or EngineException)
            {
                log.LogDebug("Telemetry: {Message}", e.Message);
            }
            try
            {
                await Task.Delay(_backoff.Next(), settings.Time, stop);
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private static async Task Swallow(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or EngineException or AwsError)
        {
        }
    }

    /// <summary>Acknowledgements keep the connection alive; their content says nothing.</summary>
    private async Task ReadAsync(Socket socket, CancellationToken stop)
    {
        while (await socket.ReceiveAsync(settings.HeartbeatTimeout + PublishInterval, stop) is not null)
        {
        }
    }

    private async Task PublishAsync(Socket socket, SavedInstance instance, int cores, CancellationToken stop)
    {
        var due = settings.Time.GetUtcNow();
        var told = "";
        while (true)
        {
            var now = settings.Time.GetUtcNow();
            var health = Health();
            var state = string.Join(';', health.SelectMany(t => t.Containers!.Select(c => $"{t.TaskArn}/{c.ContainerName}={c.HealthStatus}")));
            if (health.Count > 0 && (state != told || now >= due))
            {
                await SendAsync(socket, new PublishHealthRequest
                {
                    Metadata = new HealthMetadata
                    {
                        Cluster = settings.Cluster, ContainerInstance = instance.ContainerInstanceArn, MessageId = NodeIds.Uuid(), Fin = true,
                    },
                    Tasks = health,
                    Timestamp = Seconds(now),
                }, stop);
                told = state;
            }
            if (now >= due)
            {
                due = now + PublishInterval;
                await PublishMetricsAsync(socket, instance, cores, stop);
            }
            await Task.Delay(LookInterval, settings.Time, stop);
        }
    }

    private List<TaskHealth> Health() => [.. tasks.Runners.Where(r => !r.IsOver)
        .Select(r => new TaskHealth
        {
            TaskArn = r.Task.Arn,
            TaskDefinitionFamily = r.Task.Task.Family,
            TaskDefinitionVersion = r.Task.Task.Version,
            Containers = [.. r.Task.Containers.Where(c => r.Task.Definition(c).HealthCheckType == "docker").Select(c => new ContainerHealth
            {
                ContainerName = c.Name,
                HealthStatus = c.Stage != Stage.Running ? "UNKNOWN" : c.Health switch
                {
                    HealthState.Healthy => "HEALTHY",
                    HealthState.Unhealthy => "UNHEALTHY",
                    _ => "UNKNOWN",
                },
                StatusSince = c.HealthSince is { } since ? Seconds(since) : null,
                StatusMessage = c.Health == HealthState.Unhealthy ? c.HealthOutput : null,
            })],
        }).Where(t => t.Containers!.Count > 0)];

    private async Task PublishMetricsAsync(Socket socket, SavedInstance instance, int cores, CancellationToken stop)
    {
        var metrics = new List<TaskMetric>();
        foreach (var runner in tasks.Runners.Where(r => !r.IsOver))
        {
            var containers = new List<ContainerMetric>();
            foreach (var container in runner.Task.Containers.Where(c => c is { Stage: Stage.Running, EngineId: not null } && !NetworkOwner.Is(c)))
            {
                if (await engine.ReadUsageAsync(container.EngineId!, stop) is { } usage && Metric(container, usage, cores) is { } metric)
                {
                    containers.Add(metric);
                }
            }
            if (containers.Count > 0)
            {
                metrics.Add(new TaskMetric
                {
                    TaskArn = runner.Task.Arn, TaskDefinitionFamily = runner.Task.Task.Family,
                    TaskDefinitionVersion = runner.Task.Task.Version, ContainerMetrics = containers,
                });
            }
        }
        var running = tasks.Runners.SelectMany(r => r.Task.Containers).Select(c => c.EngineId).ToHashSet();
        foreach (var gone in _last.Keys.Where(k => !running.Contains(k)).ToList())
        {
            _last.Remove(gone);
        }
        var id = NodeIds.Uuid();
        var frames = metrics.Chunk(TasksPerFrame).DefaultIfEmpty([]).ToList();
        for (var i = 0; i < frames.Count; i++)
        {
            await SendAsync(socket, new PublishMetricsRequest
            {
                Metadata = new MetricsMetadata
                {
                    Cluster = settings.Cluster, ContainerInstance = instance.ContainerInstanceArn, MessageId = id,
                    Idle = metrics.Count == 0, Fin = i == frames.Count - 1,
                },
                TaskMetrics = frames[i].Length == 0 ? null : frames[i],
                Timestamp = Seconds(settings.Time.GetUtcNow()),
            }, stop);
        }
    }

    private ContainerMetric? Metric(SavedContainer container, UsageReading now, int cores)
    {
        var known = _last.TryGetValue(container.EngineId!, out var before);
        _last[container.EngineId!] = now;
        if (!known || now.At <= before!.At || now.CpuTime < before.CpuTime)
        {
            return null;
        }
        var cpu = (now.CpuTime - before.CpuTime) / (now.At - before.At) / Math.Max(1, cores) * 100;
        var memory = now.MemoryBytes / (1024 * 1024);
        return new ContainerMetric
        {
            ContainerName = container.Name,
            CpuStatsSet = new StatsSet { Min = cpu, Max = cpu, Sum = cpu, SampleCount = 1 },
            MemoryStatsSet = new StatsSet { Min = memory, Max = memory, Sum = memory, SampleCount = 1 },
            RestartStatsSet = container.Restarts > 0 ? new RestartStatsSet { RestartCount = container.Restarts } : null,
        };
    }

    private async Task SendAsync(Socket socket, AgentMessage message, CancellationToken stop)
    {
        var signer = await keys(stop);
        var frame = SigV4Signer.SignFrame(
            socket.Address, AgentFrame.Encode(message), signer, settings.Region, "ecs", settings.Time.GetUtcNow());
        await socket.SendAsync(frame, stop);
    }

    private static double Seconds(DateTimeOffset at) => Math.Round((at - DateTimeOffset.UnixEpoch).TotalSeconds, 3);
}
