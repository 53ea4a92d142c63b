using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>One released version, as far as versions differ on the wire.</summary>
/// <param name="ProtocolVersion">Null before heartbeats were acknowledged.</param>
internal sealed record AgentRelease(string Version, string Hash, int? ProtocolVersion, bool KnowsManifests, bool PublishesInstanceStatus, string[] Lacks)
{
    public static readonly AgentRelease Current = new("1.99.1", "6f648b79", 2, true, true, []);
    public static readonly AgentRelease BeforeManifests = new("1.70.0", "1e2a7f1c", 2, false, true,
        ["ecs.capability.full-sync", "ecs.capability.container-restart-policy", "ecs.capability.network.container-port-range", "ecs.capability.ipv6-only"]);
    public static readonly AgentRelease FirstExternal = new("1.52.0", "e9d5d2a1", null, false, false,
    [
        "ecs.capability.full-sync", "ecs.capability.container-restart-policy", "ecs.capability.network.container-port-range", "ecs.capability.ipv6-only",
        "ecs.capability.increased-task-cpu-limit",
    ]);

    public static readonly AgentRelease[] All = [Current, BeforeManifests, FirstExternal];
}

internal sealed record AgentSettings
{
    public required Uri Backend { get; init; }
    public required SigningKeys Keys { get; init; }
    /// <summary>Where the keys come from and are renewed.</summary>
    public Machine? Machine { get; init; }
    public string Region { get; init; } = "us-east-1";
    public string Cluster { get; init; } = "default";
    public AgentRelease Release { get; init; } = AgentRelease.Current;
    public string DockerVersion { get; init; } = "20.10.24+dfsg1";
    public int Cpu { get; init; } = 2048;
    public int Memory { get; init; } = 4096;
    public IReadOnlyDictionary<string, string> InstanceAttributes { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    public string[] LoggingDrivers { get; init; } = ["json-file", "none"];
    public TimeProvider Clock { get; init; } = TimeProvider.System;
    public Func<JsonElement, Fate> Script { get; init; } = _ => Fate.Run;
}

/// <summary>What becomes of a task's containers.</summary>
internal enum Fate
{
    Run, Exit, NeverStart, FailToPull,
}

/// <summary>
/// The Amazon ECS agent, v1.99.1 in external mode, as a protocol: written from the protocol's description alone, with containers that are
/// only entries in a list. It is strict where the agent would crash, fall silent or misunderstand: every such message is a fault with its
/// section, and <see cref="Faults"/> must be empty at the end of a test. It waits for nothing by itself: a test says when it reconnects.
/// </summary>
internal sealed partial class AmazonAgent(AgentSettings settings) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(30) });
    private readonly Lock _gate = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private JsonElement? _endpoints;

    public AgentSettings Settings { get; set; } = settings;
    /// <summary>§2.4: saved, and never given up.</summary>
    public string? Arn { get; private set; }
    public string Id => Arn![(Arn!.LastIndexOf('/') + 1)..];
    /// <summary>The exit code once the process has ended: 1 retriable, 5 terminal, 2 a crash.</summary>
    public int? ExitCode { get; private set; }
    public IReadOnlyCollection<string> Faults => _faults;
    public int Discoveries { get; private set; }
    public JsonObject LastRegistration { get; private set; } = [];
    public JsonObject RegisteredAs { get; private set; } = [];

    private void Fault(string what) => _faults.Enqueue(what);

    /// <summary>Starts the process: registration, discovery, both sockets. The exit code when it ended at once.</summary>
    public async Task<int?> StartAsync()
    {
        ExitCode = null;
        if (await RegisterAsync() is { } code)
        {
            return ExitCode = code;
        }
        ResubmitUnsent();
        await DiscoverAsync();
        if (ExitCode is null)
        {
            await ConnectControlAsync();
            await ConnectTelemetryAsync();
        }
        return ExitCode;
    }

    /// <summary>§4.5: the process ends, containers run on, state stays. Credentials live in memory only.</summary>
    public async Task StopProcessAsync()
    {
        await DropAsync();
        _endpoints = null;
        _sendCredentials = true;
        _credentials.Clear();
    }

    private async Task<int?> RegisterAsync()
    {
        var attributes = new JsonArray();
        foreach (var (name, value) in Arn is null ? Settings.InstanceAttributes : new Dictionary<string, string>())
        {
            attributes.Add(new JsonObject { ["name"] = name, ["value"] = value });
        }
        foreach (var name in Capabilities())
        {
            attributes.Add(new JsonObject { ["name"] = name });
        }
        foreach (var (name, value) in new[]
        {
            ("ecs.os-type", "linux"), ("ecs.os-family", "LINUX"), ("ecs.os-type-detailed", "LINUX"), ("ecs.cpu-architecture", "x86_64"),
        })
        {
            attributes.Add(new JsonObject { ["name"] = name, ["value"] = value });
        }
        var request = new JsonObject
        {
            ["cluster"] = Settings.Cluster,
            ["attributes"] = attributes,
            ["clientToken"] = SpecSigner.Uuid(),
            ["instanceIdentityDocument"] = "",
            ["instanceIdentityDocumentSignature"] = "",
            ["totalResources"] = new JsonArray(
                new JsonObject { ["name"] = "CPU", ["type"] = "INTEGER", ["integerValue"] = Settings.Cpu },
                new JsonObject { ["name"] = "MEMORY", ["type"] = "INTEGER", ["integerValue"] = Settings.Memory },
                new JsonObject { ["name"] = "PORTS", ["type"] = "STRINGSET", ["stringSetValue"] = new JsonArray("22", "2375", "2376", "51678", "51679") },
                new JsonObject { ["name"] = "PORTS_UDP", ["type"] = "STRINGSET", ["stringSetValue"] = new JsonArray() }),
        };
        if (Arn is not null)
        {
            request["containerInstanceArn"] = Arn;
        }
        if (Settings.Tags.Count > 0)
        {
            request["tags"] = new JsonArray([.. Settings.Tags.Select(t => new JsonObject { ["key"] = t.Key, ["value"] = t.Value })]);
        }
        LastRegistration = request;
        var (status, code, answer) = await CallAsync("RegisterContainerInstance", request);
        if (status != 200)
        {
            // §2.4
            return code is "InvalidParameterException" or "ClientException" ? 5 : 1;
        }
        return Accept(answer, request);
    }

    private int? Accept(JsonObject answer, JsonObject request)
    {
        if (answer["containerInstance"] is not JsonObject instance)
        {
            Fault("§2.4: containerInstance missing panics the agent");
            return 2;
        }
        RegisteredAs = instance;
        var echoed = (instance["attributes"] as JsonArray ?? []).ToDictionary(a => (string)a!["name"]!, a => (string?)a!["value"] ?? "");
        foreach (var asked in request["attributes"]!.AsArray())
        {
            if (echoed.GetValueOrDefault((string)asked!["name"]!, "") != ((string?)asked["value"] ?? ""))
            {
                Fault($"§2.4: attribute {asked["name"]} is not echoed; the agent exits with 5");
                return 5;
            }
        }
        var arn = (string?)instance["containerInstanceArn"] ?? "";
        if (!arn.StartsWith("arn:", StringComparison.Ordinal) || !arn.Contains(":container-instance/", StringComparison.Ordinal))
        {
            Fault($"§2.4: {arn} is no container instance");
        }
        if (Arn is not null && Arn != arn)
        {
            Fault("§2.4: re-registration must return the same ARN");
        }
        if (instance["registeredAt"] is { } at && at.GetValueKind() != JsonValueKind.Number)
        {
            Fault("§2.1: timestamps are epoch seconds");
        }
        Arn ??= arn;
        return null;
    }

    private IEnumerable<string> Capabilities()
    {
        string[] names =
        [
            .. Enumerable.Range(17, 16).Where(v => v is not (26 or 27 or 31)).Select(v => $"com.amazonaws.ecs.capability.docker-remote-api.1.{v}"),
            "com.amazonaws.ecs.capability.privileged-container",
            .. Settings.LoggingDrivers.Select(d => "com.amazonaws.ecs.capability.logging-driver." + d),
            "com.amazonaws.ecs.capability.logging-driver.awsfirelens", "ecs.capability.firelens.fluentd", "ecs.capability.firelens.fluentbit",
            "com.amazonaws.ecs.capability.task-iam-role", "com.amazonaws.ecs.capability.task-iam-role-network-host",
            "com.amazonaws.ecs.capability.ecr-auth", "ecs.capability.execution-role-ecr-pull", "ecs.capability.ecr-endpoint",
            "ecs.capability.execution-role-awslogs", "ecs.capability.private-registry-authentication.secretsmanager",
            "ecs.capability.secrets.ssm.environment-variables", "ecs.capability.secrets.asm.environment-variables", "ecs.capability.env-files.s3",
            "ecs.capability.container-ordering", "ecs.capability.container-health-check", "ecs.capability.container-restart-policy",
            "ecs.capability.network.container-port-range", "ecs.capability.task-cpu-mem-limit", "ecs.capability.increased-task-cpu-limit",
            "ecs.capability.full-sync", "ecs.capability.docker-plugin.local", "ecs.capability.efs", "ecs.capability.external", "ecs.capability.ipv6-only",
        ];
        return names.Except(Settings.Release.Lacks);
    }

    private async Task DiscoverAsync()
    {
        if (_endpoints is not null)
        {
            return;
        }
        Discoveries++;
        var (status, _, answer) = await CallAsync("DiscoverPollEndpoint", new JsonObject
        {
            ["cluster"] = Settings.Cluster, ["containerInstance"] = Arn, ["zoneId"] = "",
        });
        if (status != 200)
        {
            Fault($"§2.6: DiscoverPollEndpoint answered {status}");
            return;
        }
        foreach (var name in new[] { "endpoint", "telemetryEndpoint" })
        {
            var text = (string?)answer[name] ?? "";
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                Fault($"§2.6: {name} '{text}' is not a URL; an empty one panics the agent");
                ExitCode = 2;
            }
        }
        _endpoints = JsonSerializer.SerializeToElement(answer);
    }

    private Uri Endpoint(string name) => new(_endpoints!.Value.GetProperty(name).GetString()!.TrimEnd('/') + "/ws");

    /// <summary>A call of the agent's. §2.1: signed headers and all.</summary>
    public Task<(int Status, string Code, JsonObject Body)> CallAsync(string operation, JsonObject body, SigningKeys? other = null) =>
        CallAsync("ecs", "AmazonEC2ContainerServiceV20141113." + operation, body, other);

    /// <summary>A call of another service on the same address, as the agent makes for what a payload tells it to.</summary>
    public async Task<(int Status, string Code, JsonObject Body)> CallAsync(string service, string target, JsonObject body, SigningKeys? other)
    {
        var keys = other ?? Settings.Keys;
        var payload = Encoding.UTF8.GetBytes(body.ToJsonString());
        var timestamp = SpecSigner.Timestamp(Settings.Clock.GetUtcNow());
        var signed = new List<KeyValuePair<string, string>>
        {
            new("amz-sdk-invocation-id", SpecSigner.Uuid()), new("amz-sdk-request", "attempt=1; max=3"),
            new("content-length", payload.Length.ToString()), new("content-type", "application/x-amz-json-1.1"),
            new("host", Settings.Backend.Authority), new("x-amz-date", timestamp),
            new("x-amz-target", target),
        };
        if (keys.Token is not null)
        {
            signed.Add(new("x-amz-security-token", keys.Token));
        }
        var authorization = SpecSigner.Sign("POST", "/", "", signed, payload, keys, Settings.Region, service, timestamp);
        using var request = new HttpRequestMessage(HttpMethod.Post, Settings.Backend) { Version = HttpVersion.Version11 };
        request.Content = new ByteArrayContent(payload);
        foreach (var (name, value) in signed.Where(h => h.Key is not ("host" or "content-length" or "content-type")))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-amz-json-1.1");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.TryAddWithoutValidation(
            "User-Agent", $"Amazon ECS Agent - v{Settings.Release.Version} (*{Settings.Release.Hash}) (linux; LINUX) (+http://aws.amazon.com/ecs/)");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using var limit = new CancellationTokenSource(Patience);
        using var answer = await _http.SendAsync(request, limit.Token);
        var text = await answer.Content.ReadAsStringAsync(limit.Token);
        var read = JsonNode.Parse(text) as JsonObject ?? [];
        var code = (string?)read["__type"] ?? "";
        return ((int)answer.StatusCode, code[(code.IndexOf('#') + 1)..], read);
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        await EndSubmissionsAsync();
        _http.Dispose();
        Xunit.Assert.Empty(_faults);
    }
}
