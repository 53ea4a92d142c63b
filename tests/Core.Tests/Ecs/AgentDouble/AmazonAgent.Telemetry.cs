using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

// The telemetry socket: §6. Every frame is signed by itself.
internal sealed partial class AmazonAgent
{
    private readonly List<string> _acknowledged = [];
    private RawSocket? _telemetry;
    private Task _telemetryLoop = Task.CompletedTask;
    private string _telemetryTarget = "";
    private bool _sawHeartbeat;

    public SessionEnd? TelemetryEnd { get; private set; }
    public RawSocket Telemetry => _telemetry!;
    public Task TelemetryLoop => _telemetryLoop;

    public string TelemetryTarget => Endpoint("telemetryEndpoint").AbsolutePath + "?" + SpecSigner.Query(
        ("agentHash", Settings.Release.Hash), ("agentVersion", Settings.Release.Version), ("cluster", Settings.Cluster),
        ("containerInstance", Arn!), ("dockerVersion", Settings.DockerVersion));

    public int Acknowledged(string type)
    {
        lock (_gate)
        {
            return _acknowledged.Count(a => a == type);
        }
    }

    public async Task ConnectTelemetryAsync()
    {
        _telemetryTarget = TelemetryTarget;
        var socket = await OpenAsync(_telemetryTarget);
        (_telemetry, TelemetryEnd) = (socket, null);
        _telemetryLoop = Task.Run(() => TelemetryAsync(socket));
        await PublishMetricsAsync();
        if (Settings.Release.PublishesInstanceStatus)
        {
            await InstanceStatusAsync(_sawHeartbeat ? "OK" : "INITIALIZING");
        }
    }

    private async Task TelemetryAsync(RawSocket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(end => TelemetryEnd = end) is { } frame)
            {
                ServerMessages.FaultsOf(frame, ServerMessages.Telemetry, "§6.3", out var type, out _).ForEach(Fault);
                lock (_gate)
                {
                    _acknowledged.Add(type);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            TelemetryEnd ??= new SessionEnd(1006, e.Message);
        }
        catch (Exception e)
        {
            Fault($"the double failed: {e}");
        }
    }

    /// <summary>Header block, empty line, JSON: §6.1.</summary>
    public byte[] Frame(string type, JsonObject message, SigningKeys? keys = null, byte[]? signedInstead = null)
    {
        var json = Encoding.UTF8.GetBytes(new JsonObject { ["type"] = type, ["message"] = message }.ToJsonString());
        var split = _telemetryTarget.IndexOf('?', StringComparison.Ordinal);
        var head = new StringBuilder();
        foreach (var (name, value) in SignedHeaders(
            _telemetryTarget[..split], _telemetryTarget[(split + 1)..], signedInstead ?? json, keys ?? Settings.Keys))
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }
        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. json];
    }

    /// <summary>What was published in all sessions, by type.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, int> Published { get; } = new(StringComparer.Ordinal);

    public Task PublishAsync(string type, JsonObject message, SigningKeys? keys = null)
    {
        Published.AddOrUpdate(type, 1, (_, n) => n + 1);
        return _telemetry!.SendAsync(RawSocket.Text, Frame(type, message, keys));
    }

    /// <summary>§6.4: one set for each running task, ten to a frame; the last frame has fin.</summary>
    public async Task PublishMetricsAsync()
    {
        var running = RunningTasks().Chunk(10).ToArray();
        var id = SpecSigner.Uuid();
        for (var i = 0; i < Math.Max(1, running.Length); i++)
        {
            var message = new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["cluster"] = Settings.Cluster, ["containerInstance"] = Arn, ["fin"] = i >= running.Length - 1, ["idle"] = running.Length == 0,
                    ["messageId"] = id,
                },
                ["timestamp"] = Seconds(),
            };
            if (running.Length > 0)
            {
                message["taskMetrics"] = new JsonArray([.. running[i].Select(Metric)]);
            }
            await PublishAsync("PublishMetricsRequest", message);
        }
    }

    private static JsonObject Metric(AgentTask task) => new()
    {
        ["taskArn"] = task.Arn,
        ["taskDefinitionFamily"] = task.Family,
        ["taskDefinitionVersion"] = task.Version,
        ["containerMetrics"] = new JsonArray([.. task.Containers.Select(c => new JsonObject
        {
            ["containerName"] = c,
            ["cpuStatsSet"] = Set(0, 0.88, 2.34, 16),
            ["memoryStatsSet"] = Set(0, 0, 0, 17),
            ["networkStatsSet"] = new JsonObject
            {
                ["rxBytes"] = Long(200, 876, 12706, 17), ["txBytes"] = Long(0, 0, 0, 17), ["rxBytesPerSecond"] = Set(0, 284.9, 673.5, 16),
            },
            ["storageStatsSet"] = new JsonObject { ["readSizeBytes"] = Long(0, 0, 0, 17), ["writeSizeBytes"] = Long(0, 0, 0, 17) },
            ["restartStatsSet"] = new JsonObject { ["restartCount"] = 1 },
        })]),
    };

    private static JsonObject Set(double min, double max, double sum, int count) =>
        new() { ["max"] = max, ["min"] = min, ["sampleCount"] = count, ["sum"] = sum };

    private static JsonObject Long(long min, long max, long sum, int count) => new()
    {
        ["max"] = max, ["min"] = min, ["overflowMax"] = 0, ["overflowMin"] = 0, ["overflowSum"] = 0, ["sampleCount"] = count, ["sum"] = sum,
    };

    public Task PublishHealthAsync(string taskArn, string status, string container = "main") => PublishAsync("PublishHealthRequest", new JsonObject
    {
        ["metadata"] = new JsonObject { ["cluster"] = Settings.Cluster, ["containerInstance"] = Arn, ["fin"] = true, ["messageId"] = SpecSigner.Uuid() },
        ["tasks"] = new JsonArray(new JsonObject
        {
            ["taskArn"] = taskArn, ["taskDefinitionFamily"] = "job", ["taskDefinitionVersion"] = "1",
            ["containers"] = new JsonArray(new JsonObject { ["containerName"] = container, ["healthStatus"] = status, ["statusSince"] = Seconds() }),
        }),
        ["timestamp"] = Seconds(),
    });

    /// <summary>§3.4: each heartbeat on the control socket has its result here.</summary>
    public async Task InstanceStatusAsync(string status = "OK")
    {
        _sawHeartbeat |= status == "OK";
        if (!Settings.Release.PublishesInstanceStatus || _telemetry is null || TelemetryEnd is not null)
        {
            return;
        }
        await PublishAsync("PublishInstanceStatusRequest", new JsonObject
        {
            ["metadata"] = new JsonObject { ["cluster"] = Settings.Cluster, ["containerInstance"] = Arn, ["requestId"] = SpecSigner.Uuid() },
            ["statuses"] = new JsonArray(new JsonObject
            {
                ["lastStatusChange"] = Seconds(), ["lastUpdated"] = Seconds(), ["status"] = status, ["type"] = "ContainerRuntime",
            }),
            ["timestamp"] = Seconds(),
        });
    }

    public async Task<SessionEnd> UntilTelemetryEndsAsync()
    {
        await _telemetryLoop.WaitAsync(Patience);
        return TelemetryEnd!;
    }

    public Task UntilAcknowledgedAsync(string type, int count) =>
        EcsCloud.UntilAsync($"{count} {type}", () => Task.FromResult(Acknowledged(type)), n => n >= count, n => $"{n}; ended {TelemetryEnd}");

    private double Seconds() => Math.Round((Settings.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds, 3);
}
