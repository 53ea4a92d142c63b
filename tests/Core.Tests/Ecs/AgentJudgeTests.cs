using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Xunit;
using KeyValuePair = Longspan.Api.Ecs.KeyValuePair;

namespace Longspan.Core.Tests.Ecs;

/// <summary>The judge itself: it must find what would crash or confuse an agent, and must find nothing in what our server says of a rich definition.</summary>
public sealed class AgentJudgeTests(AgentServerFixture fixture) : IClassFixture<AgentServerFixture>
{
    private readonly AgentServer _server = fixture.Server;

    private static JsonObject Container() => new()
    {
        ["name"] = "main", ["image"] = "app", ["memory"] = 64, ["dockerConfig"] = new JsonObject { ["hostConfig"] = """{"NetworkMode":"bridge"}""" },
    };

    private static JsonObject Payload(Action<JsonObject, JsonObject, JsonObject> spoil)
    {
        var container = Container();
        var task = new JsonObject
        {
            ["arn"] = "arn:aws:ecs:us-east-1:123456789012:task/c/0123456789abcdef0123456789abcdef", ["desiredStatus"] = "RUNNING", ["family"] = "web",
            ["version"] = "3", ["networkMode"] = "bridge", ["containers"] = new JsonArray(container), ["volumes"] = new JsonArray(),
        };
        var message = new JsonObject
        {
            ["clusterArn"] = "arn:c", ["containerInstanceArn"] = "arn:i", ["messageId"] = "m", ["seqNum"] = 7, ["generatedAt"] = 1795487029663,
            ["tasks"] = new JsonArray(task),
        };
        spoil(message, task, container);
        return message;
    }

    private static List<string> Judge(JsonObject message, string type = "PayloadMessage") => ServerMessages.FaultsOf(
        new JsonObject { ["type"] = type, ["message"] = message }.ToJsonString(), ServerMessages.Control, "§3.6", out _, out _);

    public static TheoryData<string, Action<JsonObject, JsonObject, JsonObject>> Spoilt => new()
    {
        { "messageId: missing", (m, _, _) => m.Remove("messageId") },
        { "clusterArn: missing", (m, _, _) => m["clusterArn"] = "" },
        { "seqNum", (m, _, _) => m["seqNum"] = "7" },
        { "milliseconds", (m, _, _) => m["generatedAt"] = 1795487029 },
        { "one task", (m, t, _) => m["tasks"]!.AsArray().Add(t.DeepClone()) },
        { "no agent knows", (m, _, _) => m["Messageid"] = "m" },
        { "desiredStatus", (_, t, _) => t["desiredStatus"] = "ACTIVE" },
        { "arn is a task's ARN", (_, t, _) => t["arn"] = "web" },
        { "family", (_, t, _) => t.Remove("family") },
        { "version", (_, t, _) => t["version"] = 3 },
        { "vCPU", (_, t, _) => t["cpu"] = 256 },
        { "networkMode", (_, t, _) => t["networkMode"] = "awsvpc" },
        { "in hostConfig too", (_, t, _) => t["networkMode"] = "host" },
        { "more memory than its task", (_, t, _) => t["memory"] = 32 },
        { "attachmentType", (_, t, _) => t["attachments"] = new JsonArray(new JsonObject { ["attachmentArn"] = "arn:a" }) },
        { "launchType", (_, t, _) => t["launchType"] = "FARGATE" },
        { "expiration", (_, t, _) => t["roleCredentials"] = Keys(k => k["expiration"] = "2026-11-23T07:54:23.123Z") },
        { "sessionToken", (_, t, _) => t["roleCredentials"] = Keys(k => k.Remove("sessionToken")) },
        { "guessable", (_, t, _) => t["roleCredentials"] = Keys(k => k["credentialsId"] = "task-1") },
        { "host volume", (_, t, _) => t["volumes"]!.AsArray().Add(new JsonObject { ["name"] = "v" }) },
        { "6 MiB", (_, _, c) => c["memory"] = 4 },
        { "environment", (_, _, c) => c["environment"] = new JsonArray(new JsonObject { ["name"] = "A", ["value"] = "1" }) },
        { "overrides knows command only", (_, _, c) => c["overrides"] = """{"environment":[]}""" },
        { "overrides", (_, _, c) => c["overrides"] = new JsonObject() },
        { "Env", (_, _, c) => c["dockerConfig"]!["config"] = """{"Env":["A=1"]}""" },
        { "Memory", (_, _, c) => c["dockerConfig"]!["hostConfig"] = """{"Memory":0}""" },
        { "hostConfig", (_, _, c) => c["dockerConfig"]!["hostConfig"] = new JsonObject { ["NetworkMode"] = "bridge" } },
        { "bytes", (_, _, c) => c["dockerConfig"]!["hostConfig"] = """{"MemoryReservation":32}""" },
        { "nanoseconds", (_, _, c) => c["dockerConfig"]!["config"] = """{"Healthcheck":{"Test":["CMD","true"],"Interval":30}}""" },
        { "needs Healthcheck", (_, _, c) => c["healthCheckType"] = "docker" },
        { "unknown container", (_, _, c) => c["dependsOn"] = new JsonArray(new JsonObject { ["containerName"] = "db", ["condition"] = "START" }) },
        { "condition", (_, _, c) => c["dependsOn"] = new JsonArray(new JsonObject { ["containerName"] = "main", ["condition"] = "READY" }) },
        { "undeclared volume", (_, _, c) => c["mountPoints"] = new JsonArray(new JsonObject { ["sourceVolume"] = "v", ["containerPath"] = "/v" }) },
        { "without execution keys", (_, _, c) => c["logsAuthStrategy"] = "ExecutionRole" },
        { "names are unique", (_, t, _) => t["containers"]!.AsArray().Add(Container()) },
    };

    private static JsonObject Keys(Action<JsonObject> spoil)
    {
        var keys = new JsonObject
        {
            ["credentialsId"] = "11111111-2222-3333-4444-555555555555", ["roleArn"] = "arn:aws:iam::123456789012:role/r", ["accessKeyId"] = "ASIA",
            ["secretAccessKey"] = "s", ["sessionToken"] = "t", ["expiration"] = "2026-11-23T07:54:23Z",
        };
        spoil(keys);
        return keys;
    }

    [Theory]
    [MemberData(nameof(Spoilt), DisableDiscoveryEnumeration = true)]
    public void WhatWouldConfuseAnAgentIsFound(string fault, Action<JsonObject, JsonObject, JsonObject> spoil)
    {
        Assert.Contains(Judge(Payload(spoil)), f => f.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIsRightIsLeftAlone()
    {
        Assert.Empty(Judge(Payload((_, t, _) => t["roleCredentials"] = Keys(_ => { }))));
        // §3.11: this one crashes the process.
        var manifest = new JsonObject
        {
            ["messageId"] = "m", ["timeline"] = 3, ["tasks"] = new JsonArray(new JsonObject { ["taskArn"] = "arn:t" }),
        };
        Assert.Contains(Judge(manifest, "TaskManifestMessage"), f => f.Contains("desiredStatus", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EverythingThatADefinitionMaySayIsUnderstood()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with { LoggingDrivers = ["json-file", "awslogs", "syslog", "none"] });
        await _server.RegisterAsync("rich", r =>
        {
            (r.TaskRoleArn, r.ExecutionRoleArn) = ("arn:aws:iam::123456789012:role/worker", "arn:aws:iam::123456789012:role/execution");
            (r.Cpu, r.Memory) = ("512", "1024");
            r.Volumes =
            [
                new Volume { Name = "scratch" }, new Volume { Name = "bind", Host = new HostVolumeProperties { SourcePath = "/srv" } },
                new Volume { Name = "kept", DockerVolumeConfiguration = new DockerVolumeConfiguration { Scope = "shared", Autoprovision = true, Labels = new() { ["a"] = "b" } } },
            ];
            r.ContainerDefinitions = [Rich(), new ContainerDefinition { Name = "side", Image = "busybox", Memory = 16, Essential = false }];
        });
        var answer = await _server.CallAsync(EcsOperations.RunTask, new()
        {
            Cluster = cluster, TaskDefinition = "rich", LaunchType = "EXTERNAL",
            Overrides = new TaskOverride
            {
                ContainerOverrides =
                [
                    new ContainerOverride { Name = "main", Command = ["other"], Cpu = 7, Environment = [new KeyValuePair { Name = "B", Value = "" }] },
                ],
            },
        });
        var arn = Assert.Single(answer.Tasks ?? [], _ => answer.Failures is not { Count: > 0 }).TaskArn!;
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        var container = agent.Find(arn)!.Payload.GetProperty("containers")[0];
        Assert.Equal("ExecutionRole", container.GetProperty("logsAuthStrategy").GetString());
        Assert.Equal("other", container.GetProperty("command")[0].GetString());
        var host = JsonNode.Parse(container.GetProperty("dockerConfig").GetProperty("hostConfig").GetString()!)!;
        Assert.Equal(_server.Endpoint.GetLeftPart(UriPartial.Authority), (string?)host["LogConfig"]!["Config"]!["awslogs-endpoint"]);
    }

    private static ContainerDefinition Rich() => new()
    {
        Name = "main", Image = "web:1", Memory = 256, MemoryReservation = 128, Cpu = 64, Command = ["serve"], EntryPoint = ["/bin/app"],
        Environment = [new KeyValuePair { Name = "A", Value = "1" }], User = "1000", WorkingDirectory = "/srv", Hostname = "web",
        DockerLabels = new() { ["team"] = "press" }, Interactive = true, PseudoTerminal = true, ReadonlyRootFilesystem = true,
        PortMappings =
        [
            new PortMapping { ContainerPort = 80 }, new PortMapping { ContainerPort = 53, HostPort = 5353, Protocol = "udp" },
            new PortMapping { ContainerPortRange = "9000-9002" },
        ],
        MountPoints =
        [
            new MountPoint { SourceVolume = "scratch", ContainerPath = "/scratch" }, new MountPoint { SourceVolume = "bind", ContainerPath = "/bind", ReadOnly = true },
            new MountPoint { SourceVolume = "kept", ContainerPath = "/kept" },
        ],
        DependsOn = [new ContainerDependency { ContainerName = "side", Condition = "START" }],
        StartTimeout = 30, StopTimeout = 5,
        HealthCheck = new HealthCheck { Command = ["CMD-SHELL", "true"], Interval = 5, Timeout = 2, Retries = 2, StartPeriod = 1 },
        RestartPolicy = new ContainerRestartPolicy { Enabled = true, IgnoredExitCodes = [0], RestartAttemptPeriod = 60 },
        Ulimits = [new Ulimit { Name = "nofile", SoftLimit = 1024, HardLimit = 2048 }],
        SystemControls = [new SystemControl { Namespace = "net.core.somaxconn", Value = "1024" }],
        DnsServers = ["10.0.0.2"], DnsSearchDomains = ["example"], ExtraHosts = [new HostEntry { Hostname = "db", IpAddress = "10.0.0.3" }],
        LinuxParameters = new LinuxParameters
        {
            InitProcessEnabled = true, SharedMemorySize = 16, MaxSwap = 32, Swappiness = 10, Capabilities = new KernelCapabilities { Add = ["SYS_PTRACE"], Drop = ["MKNOD"] },
            Tmpfs = [new Tmpfs { ContainerPath = "/tmp", Size = 8, MountOptions = ["noexec"] }],
            Devices = [new Device { HostPath = "/dev/null", ContainerPath = "/dev/x", Permissions = ["read"] }],
        },
        LogConfiguration = new LogConfiguration { LogDriver = "awslogs", Options = new() { ["awslogs-group"] = "/web", ["awslogs-stream-prefix"] = "p", ["awslogs-region"] = "us-east-1" } },
    };
}
