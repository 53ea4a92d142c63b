using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Node;
using Longspan.Node.Engines;
using Longspan.Node.Engines.Fake;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>The whole node against a scripted server: joining, connecting, acknowledging, and what a cut link does.</summary>
public sealed partial class NodeAgentTests : IAsyncLifetime, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("node-test").FullName;
    private readonly FakeEngine _engine = new("n1", TimeProvider.System);
    private CancellationTokenSource _stop = new();
    private Task<NodeOutcome> _run = Task.FromResult(NodeOutcome.Stopped);
    private FakePlane _plane = null!;

    public async Task InitializeAsync() => _plane = await FakePlane.StartAsync();

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _plane.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _stop.Dispose();

    private NodeSettings Settings => new()
    {
        Name = "n1", Endpoint = _plane.Endpoint, Region = "us-east-1", StateFolder = _folder, Engine = EngineKind.Fake,
        Keys = new NodeKeys("AKIAX", "secret", null), Attributes = new Dictionary<string, string> { ["site"] = "cloud" },
        StopTimeout = TimeSpan.FromSeconds(1), RetryLimit = TimeSpan.FromMilliseconds(100), HeartbeatTimeout = TimeSpan.FromSeconds(5),
    };

    private void Start(NodeSettings? settings = null) => _run = NodeAgent.RunAsync(settings ?? Settings, NullLogger.Instance, _engine, _stop.Token);

    private async Task<NodeOutcome> StopAsync()
    {
        await _stop.CancelAsync();
        var outcome = await _run;
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        return outcome;
    }

    private static PayloadMessage Payload(string id, long sequence, params AgentTask[] tasks) => new()
    {
        MessageId = id, ClusterArn = "arn:c", ContainerInstanceArn = FakePlane.InstanceArn, SeqNum = sequence, Tasks = tasks,
    };

    private static IAMRoleCredentials Keys(string id, string key) => new()
    {
        CredentialsId = id, RoleArn = "arn:aws:iam::123456789012:role/app", AccessKeyId = key, SecretAccessKey = "s", SessionToken = "t",
        Expiration = "2099-01-01T00:00:00Z",
    };

    private Task<JsonObject> StateAsync(string task, string status) =>
        _plane.CalledAsync("SubmitTaskStateChange", b => (string?)b["task"] == TaskBench.Arn(task) && (string?)b["status"] == status);

    [Fact]
    public async Task It_registers_connects_and_runs_what_it_is_given()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        Assert.Equal("true", socket.Query["sendCredentials"]);
        Assert.Equal(FakePlane.InstanceArn, socket.Query["containerInstanceArn"]);
        var registered = _plane.Of("RegisterContainerInstance").Single();
        var attributes = registered["attributes"]!.AsArray().ToDictionary(a => (string)a!["name"]!, a => (string?)a!["value"]);
        Assert.Equal(("cloud", "1", "linux"), (attributes["site"], attributes[NodeCapability.Node], attributes["ecs.os-type"]));
        Assert.DoesNotContain("ecs.capability.external", attributes.Keys);
        Assert.Empty((await socket.ReceivedAsync<NodeReportMessage>()).Tasks!);

        await socket.SendAsync(Payload("m1", 7, TaskBench.Task("a") with { RoleCredentials = Keys("cid", "ASIA1") }));
        var ack = await socket.ReceivedAsync<AckRequest>();
        Assert.Equal(("m1", "arn:c", FakePlane.InstanceArn), (ack.MessageId, ack.Cluster, ack.ContainerInstance));
        var credentialsAck = await socket.ReceivedAsync<IAMRoleCredentialsAckRequest>();
        Assert.Equal(("cid", "2099-01-01T00:00:00Z"), (credentialsAck.CredentialsId, credentialsAck.Expiration));
        var running = await StateAsync("a", "RUNNING");
        Assert.Equal("main", (string?)running["containers"]![0]!["containerName"]);
        Assert.Equal(NodeOutcome.Stopped, await StopAsync());
        Assert.Equal(ContainerPhase.Running, Assert.Single(await _engine.ListAsync(CancellationToken.None)).Phase);
    }

    [Fact]
    public async Task Heartbeats_are_answered_and_nonsense_is_passed_over()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendTextAsync("not json");
        await socket.SendTextAsync("""{"type":"FutureMessage","message":{"x":1}}""");
        await socket.SendTextAsync("""{"type":"PayloadMessage","message":{"messageId":7,"tasks":"none"}}""");
        await socket.SendAsync(Payload("", 1, TaskBench.Task("dropped")));
        await socket.SendAsync(new HeartbeatMessage { MessageId = "h1", Healthy = true });
        Assert.Equal("h1", (await socket.ReceivedAsync<HeartbeatAckRequest>()).MessageId);
        Assert.Empty(await _engine.ListAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_cut_link_stops_nothing_and_every_report_arrives_after_it()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a"), TaskBench.Task("b")));
        await StateAsync("a", "RUNNING");
        await StateAsync("b", "RUNNING");
        _plane.IsDown = true;
        socket.Abort();
        var name = (await _engine.ListAsync(CancellationToken.None)).Single(c => c.TaskArn == TaskBench.Arn("a")).Id;
        _engine.Exit(name, 3);
        // Not before the node has found the server away at least once.
        await Task.Delay(300);
        Assert.DoesNotContain(_plane.Of("SubmitTaskStateChange"), b => (string?)b["status"] == "STOPPED");
        _plane.IsDown = false;
        var stopped = await StateAsync("a", "STOPPED");
        Assert.Equal(3, (int)stopped["containers"]![0]!["exitCode"]!);
        var again = await _plane.ConnectedAsync();
        Assert.Equal("false", again.Query["sendCredentials"]);
        var report = await again.ReceivedAsync<NodeReportMessage>();
        Assert.NotNull(report.DisconnectedSince);
        Assert.Equal("RUNNING", report.Tasks!.Single(t => t.TaskArn == TaskBench.Arn("b")).KnownStatus);
        Assert.Single(_plane.Of("RegisterContainerInstance"));
    }

    [Fact]
    public async Task Silence_longer_than_the_learned_rhythm_makes_it_dial_again()
    {
        Start(Settings with { HeartbeatTimeout = TimeSpan.FromMilliseconds(500) });
        var first = await _plane.ConnectedAsync();
        var second = await _plane.ConnectedAsync();
        Assert.NotSame(first, second);
    }

    [Fact]
    public async Task A_resent_payload_is_acknowledged_again_and_runs_once()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await socket.ReceivedAsync<AckRequest>();
        socket.Abort();
        socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        Assert.Equal("m1", (await socket.ReceivedAsync<AckRequest>()).MessageId);
        await StateAsync("a", "RUNNING");
        Assert.Equal(1, _engine.CreateCount);
    }

    [Fact]
    public async Task A_manifest_stops_nothing_before_the_server_has_confirmed()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a"), TaskBench.Task("b")));
        await StateAsync("b", "RUNNING");
        await socket.SendAsync(new TaskManifestMessage
        {
            MessageId = "mf", ClusterArn = "arn:c", ContainerInstanceArn = FakePlane.InstanceArn, Timeline = 2,
            Tasks = [new TaskIdentifier { TaskArn = TaskBench.Arn("a"), DesiredStatus = "RUNNING" }],
        });
        var verification = await socket.ReceivedAsync<TaskStopVerificationMessage>();
        Assert.Equal(("mf", TaskBench.Arn("b")), (verification.MessageId, Assert.Single(verification.StopCandidates!).TaskArn));
        await socket.SendAsync(new TaskStopVerificationAck { MessageId = "other", StopTasks = verification.StopCandidates });
        await socket.SendAsync(new HeartbeatMessage { MessageId = "h" });
        await socket.ReceivedAsync<HeartbeatAckRequest>();
        Assert.Equal(2, (await _engine.ListAsync(CancellationToken.None)).Count(c => c.Phase == ContainerPhase.Running));
        await socket.SendAsync(new TaskStopVerificationAck { MessageId = "mf", StopTasks = verification.StopCandidates });
        await StateAsync("b", "STOPPED");
        Assert.DoesNotContain(_plane.Of("SubmitTaskStateChange"), b => (string?)b["task"] == TaskBench.Arn("a") && (string?)b["status"] == "STOPPED");
    }

    [Fact]
    public async Task Pushed_credentials_replace_those_that_containers_get()
    {
        var port = FreePort();
        Start(Settings with { MetadataBind = new IPEndPoint(IPAddress.Loopback, port) });
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a") with { RoleCredentials = Keys("cid", "ASIA1") }));
        await StateAsync("a", "RUNNING");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Assert.Equal("ASIA1", (string?)(await http.GetFromJsonAsync<JsonObject>("/v2/credentials/cid"))!["AccessKeyId"]);
        await socket.SendAsync(new IAMRoleCredentialsMessage
        {
            MessageId = "c2", TaskArn = TaskBench.Arn("a"), RoleType = "TaskApplication", RoleCredentials = Keys("cid", "ASIA2"),
        });
        while ((await socket.ReceivedAsync<IAMRoleCredentialsAckRequest>()).MessageId != "c2")
        {
        }
        var keys = (await http.GetFromJsonAsync<JsonObject>("/v2/credentials/cid"))!;
        Assert.Equal(("ASIA2", "t", "2099-01-01T00:00:00Z"), ((string?)keys["AccessKeyId"], (string?)keys["Token"], (string?)keys["Expiration"]));
        using var unknown = await http.GetAsync("/v2/credentials/nope");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    [Fact]
    public async Task Metadata_describes_the_task_and_its_container()
    {
        var port = FreePort();
        Start(Settings with { MetadataBind = new IPEndPoint(IPAddress.Loopback, port) });
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a") with { Cpu = 0.25, Memory = 128, LaunchType = "EXTERNAL" }));
        await StateAsync("a", "RUNNING");
        var saved = JsonNode.Parse(await File.ReadAllTextAsync(Directory.EnumerateFiles(Path.Combine(_folder, "tasks"), "*.json").Single()))!;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/v4/{saved["containers"]![0]!["metadataId"]}/") };
        var task = (await http.GetFromJsonAsync<JsonObject>("task"))!;
        Assert.Equal(
            (TaskBench.Arn("a"), "web", "3", "RUNNING", "EXTERNAL"),
            ((string?)task["TaskARN"], (string?)task["Family"], (string?)task["Revision"], (string?)task["KnownStatus"], (string?)task["LaunchType"]));
        Assert.Equal(0.25, (double)task["Limits"]!["CPU"]!);
        Assert.Equal("main", (string?)task["Containers"]![0]!["Name"]);
        var container = (await http.GetFromJsonAsync<JsonObject>(http.BaseAddress!.AbsolutePath.TrimEnd('/')))!;
        Assert.Equal("app", (string?)container["Image"]);
        using var unknown = await http.GetAsync("/v4/nope");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task A_restarted_node_registers_under_its_old_name_and_asks_for_credentials()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await StateAsync("a", "RUNNING");
        await StopAsync();
        Start();
        socket = await _plane.ConnectedAsync();
        Assert.Equal("true", socket.Query["sendCredentials"]);
        Assert.Equal(FakePlane.InstanceArn, (string?)_plane.Of("RegisterContainerInstance").Last()["containerInstanceArn"]);
        Assert.Equal("RUNNING", Assert.Single((await socket.ReceivedAsync<NodeReportMessage>()).Tasks!).KnownStatus);
        Assert.Equal(1, _engine.CreateCount);
    }

    [Fact]
    public async Task It_waits_for_a_server_that_is_not_there_yet()
    {
        _plane.IsDown = true;
        Start();
        await Task.Delay(200);
        Assert.False(_run.IsCompleted);
        _plane.IsDown = false;
        await _plane.ConnectedAsync();
    }

    [Fact]
    public async Task A_deregistered_node_keeps_its_tasks()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await StateAsync("a", "RUNNING");
        await socket.CloseAsync((WebSocketCloseStatus)4000, "InactiveInstanceException: deregistered");
        await _plane.ConnectedAsync();
        Assert.Equal(2, _plane.Of("RegisterContainerInstance").Count());
        Assert.Equal(ContainerPhase.Running, Assert.Single(await _engine.ListAsync(CancellationToken.None)).Phase);
    }

    [Fact]
    public async Task A_server_that_forgot_the_node_gets_a_new_instance_whose_manifest_counts()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await StateAsync("a", "RUNNING");
        await socket.SendAsync(new TaskManifestMessage
        {
            MessageId = "old", Timeline = 900, Tasks = [new TaskIdentifier { TaskArn = TaskBench.Arn("a"), DesiredStatus = "RUNNING" }],
        });
        while ((await socket.ReceivedAsync<AckRequest>()).MessageId != "old")
        {
        }
        await StopAsync();
        const string NewArn = FakePlane.InstanceArn + "4567";
        _plane.Answers["RegisterContainerInstance"] = body => body["containerInstanceArn"] is null
            ? (200, $$$"""{"containerInstance":{"containerInstanceArn":"{{{NewArn}}}"}}""")
            : (400, """{"__type":"ClientException","message":"no such instance"}""");
        Start();
        socket = await _plane.ConnectedAsync();
        Assert.Equal(NewArn, socket.Query["containerInstanceArn"]);
        await socket.SendAsync(new TaskManifestMessage { MessageId = "new", Timeline = 1, Tasks = [] });
        var verification = await socket.ReceivedAsync<TaskStopVerificationMessage>();
        await socket.SendAsync(new TaskStopVerificationAck { MessageId = "new", StopTasks = verification.StopCandidates });
        await StateAsync("a", "STOPPED");
    }

    [Fact]
    public async Task An_identity_that_the_server_does_not_know_is_replaced_when_there_is_an_activation()
    {
        var known = "";
        var machines = 0;
        var expiry = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        _plane.Answers["RegisterManagedInstance"] = _ =>
        {
            known = $"mi-0123456789abcdef{machines++}";
            return (200, $$"""{"InstanceId":"{{known}}"}""");
        };
        _plane.Answers["RequestManagedInstanceRoleToken"] = _ => _plane.SignedBy.Contains(known, StringComparison.Ordinal)
            ? (200, $$"""{"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t","TokenExpirationDate":{{expiry}},"UpdateKeyPair":false}""")
            : (400, """{"__type":"AccessDeniedException","message":"not registered"}""");
        var external = Settings with { Keys = null, Activation = new NodeActivation("11111111-2222-3333-4444-555555555555", "ABCDEFGHIJKLMNOPQRST") };
        Start(external);
        await _plane.ConnectedAsync();
        await StopAsync();
        Start(external);
        await _plane.ConnectedAsync();
        Assert.Equal(1, machines);
        await StopAsync();
        known = "mi-somebodyelse";
        Start(external);
        await _plane.ConnectedAsync();
        Assert.Equal(2, machines);
    }

    [Fact]
    public async Task Our_registry_gets_a_login_once_and_another_when_it_is_refused()
    {
        var token = Convert.ToBase64String("AWS:one"u8);
        var expiry = TimeProvider.System.GetUtcNow().AddHours(12).ToUnixTimeSeconds();
        _plane.Answers["GetAuthorizationToken"] = _ =>
            (200, $$"""{"authorizationData":[{"authorizationToken":"{{token}}","expiresAt":{{expiry}},"proxyEndpoint":"http://localhost"}]}""");
        var image = $"localhost:{_plane.Endpoint.Port}/orders/web:1";
        _engine.Script(image, new FakeImage { Cached = false });
        Start();
        var socket = await _plane.ConnectedAsync();
        foreach (var id in new[] { "a", "b" })
        {
            await socket.SendAsync(Payload(id, 1, TaskBench.Task(id, new AgentContainer { Name = "main", Image = image })));
            await StateAsync(id, "RUNNING");
        }
        Assert.Single(_plane.Of("GetAuthorizationToken"));
        Assert.Equal(("AWS", "one", new Uri($"http://localhost:{_plane.Endpoint.Port}").Authority), (_engine.LastLogin!.User, _engine.LastLogin.Password, _engine.LastLogin.ServerAddress));
        image = $"localhost:{_plane.Endpoint.Port}/orders/api:1";
        _engine.Script(image, new FakeImage { Cached = false, PullError = "unauthorized", PullFault = EngineFault.Denied });
        await socket.SendAsync(Payload("c", 2, TaskBench.Task("c", new AgentContainer { Name = "main", Image = image })));
        Assert.StartsWith(
            "CannotPullContainerAuthError:", (string?)(await StateAsync("c", "STOPPED"))["containers"]![0]!["reason"], StringComparison.Ordinal);
        Assert.Equal(2, _plane.Of("GetAuthorizationToken").Count());
    }

    [Fact]
    public async Task Health_is_published_in_signed_frames()
    {
        _engine.Script("app", new FakeImage { HealthyAfter = TimeSpan.FromMilliseconds(50) });
        Start();
        var socket = await _plane.ConnectedAsync();
        var telemetry = await _plane.TelemetryAsync();
        Assert.Equal(FakePlane.InstanceArn, telemetry.Query["containerInstance"]);
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a", new AgentContainer { Name = "main", Image = "app", HealthCheckType = "docker" })));
        while ((await telemetry.ReceivedAsync<PublishHealthRequest>()).Tasks![0].Containers![0].HealthStatus != "HEALTHY")
        {
        }
        Assert.Contains("Credential=AKIAX/", telemetry.FrameHeaders["Authorization"], StringComparison.Ordinal);
        Assert.Equal(_plane.Endpoint.Authority, telemetry.FrameHeaders["Host"]);
    }

    [Fact]
    public async Task A_bad_activation_ends_it_with_its_own_outcome()
    {
        _plane.Answers["RegisterManagedInstance"] = _ => (400, """{"__type":"InvalidActivation","message":"The activation is not valid."}""");
        Start(Settings with { Keys = null, Activation = new NodeActivation("11111111-2222-3333-4444-555555555555", "ABCDEFGHIJKLMNOPQRST") });
        Assert.Equal(NodeOutcome.RegistrationRefused, await _run);
        Assert.Empty(_plane.Of("RegisterContainerInstance"));
    }

    [Fact]
    public async Task An_external_node_joins_once_and_signs_with_its_role()
    {
        _plane.Answers["RegisterManagedInstance"] = _ => (200, """{"InstanceId":"mi-0123456789abcdef0"}""");
        var expiry = (TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1)).ToUnixTimeSeconds();
        _plane.Answers["RequestManagedInstanceRoleToken"] = _ =>
            (200, $$"""{"AccessKeyId":"ASIAROLE","SecretAccessKey":"s","SessionToken":"t","TokenExpirationDate":{{expiry}}.5,"UpdateKeyPair":false}""");
        var external = Settings with { Keys = null, Activation = new NodeActivation("11111111-2222-3333-4444-555555555555", "ABCDEFGHIJKLMNOPQRST") };
        Start(external);
        await _plane.ConnectedAsync();
        Assert.Contains("Credential=ASIAROLE/", _plane.Calls.First(c => c.Operation == "RegisterContainerInstance").Headers.Authorization, StringComparison.Ordinal);
        Assert.StartsWith(
            "AWS4-HMAC-SHA256 Credential=mi-0123456789abcdef0/",
            _plane.Calls.First(c => c.Operation == "RequestManagedInstanceRoleToken").Headers.Authorization, StringComparison.Ordinal);
        Assert.Contains(
            _plane.Of("RegisterContainerInstance").Single()["attributes"]!.AsArray(), a => (string?)a!["name"] == "ecs.capability.external");
        await StopAsync();
        Start(external with { Activation = null });
        await _plane.ConnectedAsync();
        Assert.Single(_plane.Of("RegisterManagedInstance"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "identity.json")));
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
