using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.Core.Tests.Node.ServerDouble;
using Longspan.Node;
using Longspan.Node.Engines.Fake;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>Our own node against a server that was written from the protocol's description alone: every reply, report, frame and path.</summary>
public sealed class NodeConformanceTests : IAsyncLifetime, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("node-conform").FullName;
    private readonly FakeEngine _engine = new("n1", TimeProvider.System);
    private readonly CancellationTokenSource _stop = new();
    private Task<NodeOutcome> _run = Task.FromResult(NodeOutcome.Stopped);
    private StrictPlane _plane = null!;
    private int _port;

    public async Task InitializeAsync()
    {
        _plane = await StrictPlane.StartAsync();
        using (var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            _port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        var settings = new NodeSettings
        {
            Name = "n1", Endpoint = _plane.Endpoint, Region = "us-east-1", StateFolder = _folder, Engine = EngineKind.Fake,
            Keys = new NodeKeys(StrictPlane.Keys.Id, StrictPlane.Keys.Secret, StrictPlane.Keys.Token), MetadataBind = new IPEndPoint(IPAddress.Loopback, _port),
            StopTimeout = TimeSpan.FromSeconds(1), RetryLimit = TimeSpan.FromMilliseconds(100), HeartbeatTimeout = TimeSpan.FromMinutes(1),
        };
        _run = NodeAgent.RunAsync(settings, NullLogger.Instance, _engine, _stop.Token);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        await _plane.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _stop.Dispose();

    private static string Arn(string id) => $"arn:aws:ecs:us-east-1:123456789012:task/default/{id}";

    private static string Message(string type, JsonObject body) => new JsonObject { ["type"] = type, ["message"] = body }.ToJsonString();

    private static JsonObject Keys(string id) => new()
    {
        ["credentialsId"] = id, ["roleArn"] = "arn:aws:iam::123456789012:role/app", ["accessKeyId"] = "ASIA" + id, ["secretAccessKey"] = "s",
        ["sessionToken"] = "t", ["expiration"] = "2099-01-01T00:00:00Z",
    };

    private static JsonObject Given(string id, string status = "RUNNING", JsonObject? change = null)
    {
        var task = new JsonObject
        {
            ["arn"] = Arn(id), ["desiredStatus"] = status, ["family"] = "web", ["version"] = "3",
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app", ["essential"] = true, ["cpu"] = 10, ["memory"] = 64 }),
        };
        foreach (var (name, value) in change?.ToArray() ?? [])
        {
            change!.Remove(name);
            task[name] = value;
        }
        return task;
    }

    private static string Payload(string id, params JsonNode[] tasks) => Message("PayloadMessage", new JsonObject
    {
        ["messageId"] = id, ["clusterArn"] = StrictPlane.Cluster, ["containerInstanceArn"] = StrictPlane.Instance, ["seqNum"] = 1,
        ["generatedAt"] = 1795487029663, ["tasks"] = new JsonArray(tasks),
    });

    private Task<IReadOnlyList<JsonElement>> ReportedAsync(string id, string status) => _plane.UntilCalledAsync(
        "SubmitTaskStateChange", b => b.GetProperty("task").GetString() == Arn(id) && b.GetProperty("status").GetString() == status);

    [Fact]
    public async Task It_joins_as_the_protocol_says()
    {
        var control = await _plane.ControlAsync();
        var telemetry = await _plane.TelemetryAsync();
        Assert.Equal(["RegisterContainerInstance", "DiscoverPollEndpoint"], _plane.Calls.Select(c => c.Operation).Take(2));
        var registration = _plane.Of("RegisterContainerInstance").Single();
        Assert.False(registration.TryGetProperty("containerInstanceArn", out _));
        Assert.Equal(("", ""), (registration.GetProperty("instanceIdentityDocument").GetString(), registration.GetProperty("instanceIdentityDocumentSignature").GetString()));
        Assert.Equal(["CPU", "MEMORY", "PORTS", "PORTS_UDP"], registration.GetProperty("totalResources").EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        var attributes = registration.GetProperty("attributes").EnumerateArray().ToDictionary(
            a => a.GetProperty("name").GetString()!, a => a.TryGetProperty("value", out var value) ? value.GetString() : null);
        Assert.Equal("linux", attributes["ecs.os-type"]);
        Assert.Contains("ecs.capability.full-sync", attributes.Keys);

        Assert.StartsWith("/acs/ws?", control.Target, StringComparison.Ordinal);
        Assert.Equal(
            ["agentHash", "agentVersion", "clusterArn", "containerInstanceArn", "dockerVersion", "protocolVersion", "sendCredentials", "seqNum"],
            control.Query.Select(q => q.Key));
        var query = control.Query.ToDictionary(q => q.Key, q => q.Value);
        Assert.Equal((StrictPlane.Instance, "default", "2", "true", "1"), (
            query["containerInstanceArn"], query["clusterArn"], query["protocolVersion"], query["sendCredentials"], query["seqNum"]));
        Assert.StartsWith("DockerVersion: ", query["dockerVersion"], StringComparison.Ordinal);
        Assert.StartsWith("/tcs/ws?", telemetry.Target, StringComparison.Ordinal);
        Assert.Equal(["agentHash", "agentVersion", "cluster", "containerInstance", "dockerVersion"], telemetry.Query.Select(q => q.Key));
        Assert.DoesNotContain("DockerVersion", telemetry.Query.Single(q => q.Key == "dockerVersion").Value, StringComparison.Ordinal);
        var idle = await telemetry.ReceivedAsync("PublishMetricsRequest");
        Assert.True(idle.GetProperty("metadata").GetProperty("idle").GetBoolean() && idle.GetProperty("metadata").GetProperty("fin").GetBoolean());
        Assert.False(idle.TryGetProperty("taskMetrics", out _));
    }

    [Fact]
    public async Task Payloads_are_answered_as_the_matrix_says()
    {
        var control = await _plane.ControlAsync();
        // One acknowledgement, one for each set of keys; the message's own cluster and instance come back.
        var answers = await control.AnswersAsync(Payload("m1", Given("a", change: new JsonObject
        {
            ["roleCredentials"] = Keys("role-a"), ["executionRoleCredentials"] = Keys("execution-a"),
        })));
        Assert.Equal(["AckRequest", "IAMRoleCredentialsAckRequest", "IAMRoleCredentialsAckRequest"], answers.Select(a => a.Type));
        Assert.Equal((StrictPlane.Cluster, StrictPlane.Instance, "m1"), (
            answers[0].Body.GetProperty("cluster").GetString(), answers[0].Body.GetProperty("containerInstance").GetString(), answers[0].Body.GetProperty("messageId").GetString()));
        Assert.Equal(["execution-a", "role-a"], answers.Skip(1).Select(a => a.Body.GetProperty("credentialsId").GetString()).Order());
        await ReportedAsync("a", "RUNNING");
        // Again: acknowledged, and nothing is started.
        Assert.Equal("AckRequest", Assert.Single(await control.AnswersAsync(Payload("m2", Given("a")))).Type);
        Assert.Equal(1, _engine.CreateCount);
        // Without one of its ids it is dropped.
        foreach (var missing in new[] { "messageId", "clusterArn", "containerInstanceArn" })
        {
            foreach (var empty in new JsonNode?[] { null, "" })
            {
                var message = JsonNode.Parse(Payload("m3", Given("dropped")))!;
                message["message"]![missing] = empty;
                Assert.Empty(await control.AnswersAsync(message.ToJsonString()));
            }
        }
        // One task that cannot be converted: no acknowledgement, a report in its place, and the others start.
        Assert.Empty(await control.AnswersAsync(Payload("m4", Given("odd", "SLEEPING"), Given("even"))));
        Assert.StartsWith(
            "UnrecogniedTaskError: Error loading task - ", (await ReportedAsync("odd", "STOPPED"))[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        await ReportedAsync("even", "RUNNING");
        // A stop for a task that is not known is adopted and reported.
        Assert.Equal("AckRequest", Assert.Single(await control.AnswersAsync(Payload("m5", Given("stray", "STOPPED")))).Type);
        var adopted = (await ReportedAsync("stray", "STOPPED"))[0].GetProperty("containers").EnumerateArray().Single();
        Assert.Equal("main", adopted.GetProperty("containerName").GetString());
        Assert.False(adopted.TryGetProperty("exitCode", out _));
        var bare = new JsonObject { ["arn"] = Arn("bare"), ["desiredStatus"] = "STOPPED", ["containers"] = new JsonArray() };
        await control.AnswersAsync(Payload("m6", bare));
        Assert.Equal(
            "TaskStateError: Agent could not progress task's state to stopped", (await ReportedAsync("bare", "STOPPED"))[0].GetProperty("reason").GetString());
        Assert.DoesNotContain(_plane.Of("SubmitTaskStateChange"), b => b.GetProperty("task").GetString() == Arn("dropped"));
    }

    [Fact]
    public async Task Keys_are_acknowledged_for_known_tasks_and_kept_for_all()
    {
        var control = await _plane.ControlAsync();
        await control.AnswersAsync(Payload("m1", Given("a")));
        static string Renewal(string task, string id, string role = "TaskApplication") => Message("IAMRoleCredentialsMessage", new JsonObject
        {
            ["messageId"] = "c-" + id, ["taskArn"] = Arn(task), ["roleType"] = role, ["roleCredentials"] = Keys(id),
        });
        var known = Assert.Single(await control.AnswersAsync(Renewal("a", "one")));
        Assert.Equal(("c-one", "one", "2099-01-01T00:00:00Z"), (
            known.Body.GetProperty("messageId").GetString(), known.Body.GetProperty("credentialsId").GetString(), known.Body.GetProperty("expiration").GetString()));
        Assert.Single(await control.AnswersAsync(Renewal("a", "two", "TaskExecution")));
        Assert.Empty(await control.AnswersAsync(Renewal("unknown", "three")));
        Assert.Empty(await control.AnswersAsync(Renewal("a", "four", "SomethingElse")));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        foreach (var (id, status) in new[] { ("one", 200), ("two", 200), ("three", 200), ("four", 400) })
        {
            using var answer = await http.GetAsync("/v2/credentials/" + id);
            Assert.Equal((id, status), (id, (int)answer.StatusCode));
        }
    }

    [Fact]
    public async Task Manifests_stop_what_is_confirmed_and_stale_ones_get_no_answer()
    {
        var control = await _plane.ControlAsync();
        await control.AnswersAsync(Payload("m1", Given("a"), Given("b")));
        await ReportedAsync("a", "RUNNING");
        await ReportedAsync("b", "RUNNING");
        static string Manifest(string id, long? timeline, params string[] tasks)
        {
            var body = new JsonObject
            {
                ["messageId"] = id, ["clusterArn"] = StrictPlane.Cluster, ["containerInstanceArn"] = StrictPlane.Instance,
                ["tasks"] = new JsonArray([.. tasks.Select(t => new JsonObject { ["taskArn"] = Arn(t), ["desiredStatus"] = "RUNNING" })]),
            };
            if (timeline is not null)
            {
                body["timeline"] = timeline;
            }
            return Message("TaskManifestMessage", body);
        }
        Assert.Equal("AckRequest", Assert.Single(await control.AnswersAsync(Manifest("f1", 10, "a", "b"))).Type);
        foreach (var stale in new[] { Manifest("f2", 10), Manifest("f3", 9), Manifest("f4", null), Manifest("", 20) })
        {
            Assert.Empty(await control.AnswersAsync(stale));
        }
        var answers = await control.AnswersAsync(Manifest("f5", 11, "a"));
        Assert.Equal(["AckRequest", "TaskStopVerificationMessage"], answers.Select(a => a.Type));
        Assert.Equal("f5", answers[1].Body.GetProperty("messageId").GetString());
        Assert.Equal(Arn("b"), answers[1].Body.GetProperty("stopCandidates").EnumerateArray().Single().GetProperty("taskArn").GetString());
        static string Confirm(string id) => Message("TaskStopVerificationAck", new JsonObject
        {
            ["messageId"] = id, ["stopTasks"] = new JsonArray(new JsonObject { ["taskArn"] = Arn("b"), ["desiredStatus"] = "STOPPED" }),
        });
        Assert.Empty(await control.AnswersAsync(Confirm("f1")));
        Assert.Equal(2, (await _engine.ListAsync(CancellationToken.None)).Count(c => c.Phase == Longspan.Node.Engines.ContainerPhase.Running));
        Assert.Empty(await control.AnswersAsync(Confirm("f5")));
        await ReportedAsync("b", "STOPPED");
    }

    [Fact]
    public async Task Everything_else_gets_its_answer_or_none_and_the_session_lives()
    {
        var control = await _plane.ControlAsync();
        var ids = new JsonObject
        {
            ["messageId"] = "x1", ["clusterArn"] = StrictPlane.Cluster, ["containerInstanceArn"] = StrictPlane.Instance, ["taskArn"] = Arn("a"),
            ["waitTimeoutMs"] = 1000, ["elasticNetworkInterfaces"] = new JsonArray(new JsonObject { ["macAddress"] = "02:00:00:00:00:01" }),
        };
        Assert.Equal("AckRequest", Assert.Single(await control.AnswersAsync(Message("AttachTaskNetworkInterfacesMessage", (JsonObject)ids.DeepClone()))).Type);
        Assert.Equal("AckRequest", Assert.Single(await control.AnswersAsync(Message("AttachInstanceNetworkInterfacesMessage", (JsonObject)ids.DeepClone()))).Type);
        ids.Remove("elasticNetworkInterfaces");
        ids["attachment"] = new JsonObject { ["attachmentArn"] = "arn:x", ["attachmentType"] = "amazonebs" };
        Assert.Equal("AckRequest", Assert.Single(await control.AnswersAsync(Message("ConfirmAttachmentMessage", (JsonObject)ids.DeepClone()))).Type);
        foreach (var update in new[] { "StageUpdateMessage", "PerformUpdateMessage" })
        {
            var refused = Assert.Single(await control.AnswersAsync(Message(update, new JsonObject
            {
                ["messageId"] = "u1", ["clusterArn"] = StrictPlane.Cluster, ["containerInstanceArn"] = StrictPlane.Instance,
                ["updateInfo"] = new JsonObject { ["location"] = "http://nowhere/x", ["signature"] = "00" },
            })));
            Assert.Equal(("NackRequest", "Updates are disabled"), (refused.Type, refused.Body.GetProperty("reason").GetString()));
        }
        foreach (var silent in new[]
        {
            """{"type":"CloseMessage","message":{"message":"x"}}""", """{"type":"ErrorMessage","message":{"message":"x"}}""",
            """{"type":"InactiveInstanceException","message":{"message":"x"}}""", """{"type":"ServerException","message":{}}""",
            """{"type":"NewMessage","message":{"a":[1]}}""", """{"type":"PayloadMessage","message":{"messageId":5}}""", "nonsense", """{"message":{}}""",
            """{"message":{"messageId":"later","newMember":1},"type":"ErrorMessage"}""",
        })
        {
            Assert.Empty(await control.AnswersAsync(silent));
        }
        // Names are matched without regard to case, and unknown members are passed over.
        Assert.Equal("AckRequest", Assert.Single(await control.AnswersAsync(
            Payload("m1", Given("a")).Replace("\"messageId\"", "\"MessageID\"", StringComparison.Ordinal).Replace("\"seqNum\"", "\"brandNew\"", StringComparison.Ordinal))).Type);
    }

    [Fact]
    public async Task Reports_come_in_order_and_what_is_called_invalid_is_dropped()
    {
        var refused = 0;
        _plane.Refuses = (operation, body) => operation != "SubmitTaskStateChange" ? null
            : body.GetProperty("status").GetString() switch
            {
                "RUNNING" when body.GetProperty("task").GetString() == Arn("a") => (400, "InvalidParameterException"),
                "STOPPED" when Interlocked.Increment(ref refused) <= 2 => (400, "ClientException"),
                "RUNNING" when Interlocked.Increment(ref refused) <= 2 => (500, "ServerException"),
                _ => null,
            };
        var control = await _plane.ControlAsync();
        await control.AnswersAsync(Payload("m1", Given("a")));
        await ReportedAsync("a", "RUNNING");
        await control.AnswersAsync(Payload("m2", Given("a", "STOPPED")));
        var stopped = await _plane.UntilCalledAsync(
            "SubmitTaskStateChange", b => b.GetProperty("status").GetString() == "STOPPED", 3);
        Assert.Single(_plane.Of("SubmitTaskStateChange"), b => b.GetProperty("status").GetString() == "RUNNING");
        var container = stopped[^1].GetProperty("containers").EnumerateArray().Single();
        Assert.Equal("STOPPED", container.GetProperty("status").GetString());
        Assert.True(container.TryGetProperty("exitCode", out _) && container.TryGetProperty("runtimeId", out _));
        Assert.True(stopped[^1].GetProperty("executionStoppedAt").GetDouble() > 1_500_000_000);
        Assert.True(stopped[^1].TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task A_reconnect_registers_and_discovers_nothing()
    {
        var control = await _plane.ControlAsync();
        foreach (var code in new[] { 1000, 1001, 1008, 1011, 4000 })
        {
            await control.CloseAsync(code, "again");
            control = await _plane.ControlAsync();
            Assert.Equal("false", control.Query.Single(q => q.Key == "sendCredentials").Value);
        }
        control.Abort();
        await _plane.ControlAsync();
        Assert.Single(_plane.Of("RegisterContainerInstance"));
        Assert.Single(_plane.Of("DiscoverPollEndpoint"));
    }

    [Fact]
    public async Task Metadata_and_credentials_are_where_containers_look()
    {
        _engine.Script("app", new FakeImage { HealthyAfter = TimeSpan.FromMilliseconds(10) });
        var control = await _plane.ControlAsync();
        var telemetry = await _plane.TelemetryAsync();
        var task = Given("a", change: new JsonObject { ["roleCredentials"] = Keys("role-a"), ["cpu"] = 0.25, ["memory"] = 128, ["launchType"] = "EXTERNAL" });
        task["containers"]![0]!["healthCheckType"] = "docker";
        await control.AnswersAsync(Payload("m1", task));
        await ReportedAsync("a", "RUNNING");
        // Health is reported on telemetry alone, and its frames are checked one by one.
        await telemetry.ReceivedAsync("PublishHealthRequest");
        var saved = JsonNode.Parse(await File.ReadAllTextAsync(Directory.EnumerateFiles(Path.Combine(_folder, "tasks"), "*.json").Single()))!;
        var id = (string)saved["containers"]![0]!["metadataId"]!;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        foreach (var version in new[] { "v3", "v4" })
        {
            var container = (await http.GetFromJsonAsync<JsonObject>($"/{version}/{id}"))!;
            Assert.Equal(("main", "NORMAL", "RUNNING"), ((string?)container["Name"], (string?)container["Type"], (string?)container["KnownStatus"]));
            foreach (var name in new[] { "DockerId", "DockerName", "Image", "Labels", "DesiredStatus", "Limits", "CreatedAt", "StartedAt" })
            {
                Assert.True(container.ContainsKey(name), $"§5.3: {version} container without {name}");
            }
            foreach (var path in new[] { "task", "taskWithTags" })
            {
                var whole = (await http.GetFromJsonAsync<JsonObject>($"/{version}/{id}/{path}"))!;
                Assert.Equal((Arn("a"), "web", "3"), ((string?)whole["TaskARN"], (string?)whole["Family"], (string?)whole["Revision"]));
                Assert.Equal(version == "v4", whole.ContainsKey("LaunchType"));
                Assert.Equal((0.25, 128), ((double)whole["Limits"]!["CPU"]!, (int)whole["Limits"]!["Memory"]!));
            }
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/{version}/{id}/stats")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/{version}/{id}/task/stats")).StatusCode);
            using var unknown = await http.GetAsync($"/{version}/00000000-0000-0000-0000-000000000000");
            Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
            Assert.Equal(JsonValueKind.String, JsonDocument.Parse(await unknown.Content.ReadAsStringAsync()).RootElement.ValueKind);
        }
        foreach (var path in new[] { "/v2/credentials/role-a", "/v1/credentials?id=role-a" })
        {
            var keys = (await http.GetFromJsonAsync<JsonObject>(path))!;
            Assert.Equal(["AccessKeyId", "Expiration", "RoleArn", "SecretAccessKey", "Token"], keys.Select(k => k.Key).Order());
        }
        foreach (var (path, code) in new[] { ("/v2/credentials/", "NoIdInRequest"), ("/v1/credentials", "NoIdInRequest"), ("/v2/credentials/none", "InvalidIdInRequest") })
        {
            using var refused = await http.GetAsync(path);
            var body = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
            Assert.Equal((HttpStatusCode.BadRequest, code, 400), (refused.StatusCode, (string?)body["code"], (int)body["HTTPErrorCode"]!));
        }
    }
}
