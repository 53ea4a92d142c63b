using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Node;
using Longspan.Node.Engines;
using Xunit;

namespace Longspan.System.Tests.Node;

/// <summary>The node on a real engine: what containers get, what is reported, and what stays untouched.</summary>
public sealed class DockerNodeTests
{
    [DockerFact]
    public async Task A_task_gets_its_settings_and_reports_port_and_exit_code()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Payload("a", DockerBench.Shell("main", "echo $GREETING $AWS_ENDPOINT_URL $AWS_REGION; echo hi > /tmp/index.html; exec httpd -f -p 8080 -h /tmp") with
        {
            Environment = new Dictionary<string, string> { ["GREETING"] = "hello world" },
            PortMappings = [new AgentPortMapping { ContainerPort = 8080 }],
            DockerConfig = new AgentDockerConfig
            {
                Config = new DockerConfig
                {
                    User = "65534", Labels = new Dictionary<string, string> { ["team"] = "orders" },
                    Healthcheck = new DockerHealthcheck { Test = ["CMD", "true"], Interval = 200_000_000, Timeout = 2_000_000_000, Retries = 2 },
                }.ToJsonText(),
                HostConfig = new DockerHostConfig
                {
                    MemoryReservation = 16 << 20, Init = true, Ulimits = [new DockerUlimit { Name = "nofile", Soft = 512, Hard = 1024 }],
                }.ToJsonText(),
            },
        }));
        var running = await bench.StateAsync("a", "RUNNING");
        var binding = running["containers"]![0]!["networkBindings"]![0]!;
        Assert.Equal(("127.0.0.1", 8080), ((string?)binding["bindIP"], (int)binding["containerPort"]!));
        Assert.Equal("hi", (await AskAsync((int)binding["hostPort"]!)).Trim());

        var container = await bench.ContainerAsync("a");
        var inspected = await bench.Client.Containers.InspectContainerAsync(container.Id);
        Assert.Equal((32L << 20, 16L << 20, 64L), (inspected.HostConfig!.Memory, inspected.HostConfig.MemoryReservation, inspected.HostConfig.CPUShares));
        Assert.Equal(("nofile", 1024L), (inspected.HostConfig.Ulimits[0].Name, inspected.HostConfig.Ulimits[0].Hard));
        Assert.Equal(TimeSpan.FromMilliseconds(200), inspected.Config!.Healthcheck!.Interval);
        Assert.Equal(("65534", "orders", bench.Name), (inspected.Config.User, inspected.Config.Labels["team"], inspected.Config.Labels["longspan.node"]));
        Assert.Contains(bench.Name, inspected.NetworkSettings!.Networks.Keys);

        await socket.SendAsync(DockerBench.Stop("a"));
        var stopped = await bench.StateAsync("a", "STOPPED");
        Assert.NotNull(stopped["containers"]![0]!["exitCode"]);
        Assert.Equal("hello world http://10.0.0.1:4566 us-east-1", await bench.OutputAsync("a"));
    }

    [DockerFact]
    public async Task Unmodified_programs_find_credentials_and_metadata()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        const string Script = "wget -q -O - http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; echo; wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/task";
        await socket.SendAsync(DockerBench.Payload(new AgentTask
        {
            Arn = DockerBench.Arn("a"), DesiredStatus = "RUNNING", Family = "sys", Version = "1", Containers = [DockerBench.Shell("main", Script)],
            RoleCredentials = new IAMRoleCredentials
            {
                CredentialsId = "0a1b", RoleArn = "arn:role", AccessKeyId = "ASIATASK", SecretAccessKey = "s", SessionToken = "t", Expiration = "2099-01-01T00:00:00Z",
            },
        }));
        await bench.StateAsync("a", "STOPPED");
        var lines = (await bench.OutputAsync("a")).Split('\n');
        Assert.Equal("ASIATASK", (string?)JsonNode.Parse(lines[0])!["AccessKeyId"]);
        Assert.Equal(DockerBench.Arn("a"), (string?)JsonNode.Parse(lines[1])!["TaskARN"]);
    }

    [DockerFact]
    public async Task A_restarted_node_leaves_running_containers_alone()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Payload("a", DockerBench.Shell("main", "exec sleep 600")));
        await socket.SendAsync(DockerBench.Payload("b", DockerBench.Shell("main", "sleep 1; exit 23")));
        await bench.StateAsync("a", "RUNNING");
        await bench.StateAsync("b", "RUNNING");
        var before = await bench.ContainerAsync("a");
        Assert.Equal(NodeOutcome.Stopped, await bench.StopNodeAsync());
        var b = await bench.ContainerAsync("b");
        await bench.Client.Containers.WaitContainerAsync(b.Id, CancellationToken.None);
        bench.StartNode();
        await bench.Plane.ConnectedAsync();
        var stopped = await bench.StateAsync("b", "STOPPED");
        Assert.Equal(23, (int)stopped["containers"]![0]!["exitCode"]!);
        var after = await bench.ContainerAsync("a");
        Assert.Equal((before.Id, before.StartedAt, ContainerPhase.Running), (after.Id, after.StartedAt, after.Phase));
    }

    [DockerFact]
    public async Task Failures_carry_the_engines_words()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Payload("image", DockerBench.Shell("main", "") with { Image = "localhost:1/nothing/here:1" }));
        await socket.SendAsync(DockerBench.Payload("command", DockerBench.Shell("main", "") with { Command = ["/no/such/program"] }));
        await socket.SendAsync(DockerBench.Payload("memory", DockerBench.Shell("main", "exec tail /dev/zero") with { Memory = 8, Command = ["busybox", "tail", "/dev/zero"] }));
        await socket.SendAsync(DockerBench.Payload("volume", DockerBench.Shell("main", "") with { MountPoints = [new AgentMountPoint { SourceVolume = "x", ContainerPath = "/x" }] }));
        Assert.StartsWith("CannotPullContainerError:", Reason(await bench.StateAsync("image", "STOPPED")), StringComparison.Ordinal);
        Assert.StartsWith("CannotStartContainerError:", Reason(await bench.StateAsync("command", "STOPPED")), StringComparison.Ordinal);
        Assert.Equal("OutOfMemoryError: Container killed due to memory usage", Reason(await bench.StateAsync("memory", "STOPPED")));
        Assert.Equal("HostConfigError: Invalid volume referenced: x", Reason(await bench.StateAsync("volume", "STOPPED")));
    }

    private static string Reason(JsonObject state) => (string?)state["containers"]![0]!["reason"] ?? "";

    [DockerFact]
    public async Task Containers_of_a_task_share_volumes_wait_for_health_and_stop_in_order()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        var mounts = new[] { new AgentMountPoint { SourceVolume = "scratch", ContainerPath = "/data" } };
        var db = DockerBench.Shell("db", "sleep 0.5; echo ready > /data/ready; trap 'echo stopped >> /data/ready; exit 0' TERM; while true; do sleep 0.1; done") with
        {
            MountPoints = mounts,
            HealthCheckType = "docker",
            DockerConfig = new AgentDockerConfig
            {
                Config = new DockerConfig { Healthcheck = new DockerHealthcheck { Test = ["CMD", "test", "-f", "/data/ready"], Interval = 100_000_000, Retries = 50 } }.ToJsonText(),
            },
        };
        var main = DockerBench.Shell("main", "cat /data/ready; exec sleep 600") with
        {
            MountPoints = mounts,
            DependsOn = [new AgentDependency { ContainerName = "db", Condition = "HEALTHY" }],
        };
        await socket.SendAsync(DockerBench.Payload(new AgentTask
        {
            Arn = DockerBench.Arn("a"), DesiredStatus = "RUNNING", Family = "sys", Version = "1", Containers = [main, db],
            Volumes = [new AgentVolume { Name = "scratch", Host = new AgentHostVolume() }],
        }));
        await bench.StateAsync("a", "RUNNING");
        await socket.SendAsync(DockerBench.Stop("a"));
        await bench.StateAsync("a", "STOPPED");
        Assert.Equal("ready", await bench.OutputAsync("a", "main"));
        Assert.True((await bench.ContainerAsync("a", "main")).FinishedAt <= (await bench.ContainerAsync("a", "db")).FinishedAt);
        Assert.Equal(0, (await bench.ContainerAsync("a", "db")).ExitCode);
    }

    [DockerFact]
    public async Task In_awsvpc_mode_a_task_has_one_address()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Payload(new AgentTask
        {
            Arn = DockerBench.Arn("a"), DesiredStatus = "RUNNING", Family = "sys", Version = "1", NetworkMode = "awsvpc",
            Containers =
            [
                DockerBench.Shell("main", "echo hi > /tmp/index.html; exec httpd -f -p 8080 -h /tmp") with { PortMappings = [new AgentPortMapping { ContainerPort = 8080 }] },
                DockerBench.Shell("side", "sleep 0.5; wget -q -O - http://127.0.0.1:8080/index.html; exec sleep 600"),
            ],
        }));
        var running = await bench.StateAsync("a", "RUNNING");
        var binding = running["containers"]!.AsArray().Single(c => (string?)c!["containerName"] == "main")!["networkBindings"]![0]!;
        Assert.Equal((8080, 8080), ((int)binding["containerPort"]!, (int)binding["hostPort"]!));
        Assert.Equal("hi", (await AskAsync(8080, (string)binding["bindIP"]!)).Trim());
        await socket.SendAsync(DockerBench.Stop("a"));
        await bench.StateAsync("a", "STOPPED");
        Assert.Equal("hi", await bench.OutputAsync("a", "side"));
    }

    [DockerFact]
    public async Task Output_reaches_the_log_service_across_a_cut_and_a_restart_of_the_node()
    {
        await using var bench = await DockerBench.StartAsync();
        var stored = new global::System.Collections.Concurrent.ConcurrentQueue<string>();
        bench.Plane.Answers["PutLogEvents"] = body =>
        {
            foreach (var line in body["logEvents"]!.AsArray())
            {
                stored.Enqueue((string)line!["message"]!);
            }
            return (200, "{}");
        };
        var socket = await bench.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Payload("a", DockerBench.Shell("main", "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.1; done") with
        {
            DockerConfig = new AgentDockerConfig
            {
                HostConfig = new DockerHostConfig
                {
                    LogConfig = new DockerLogConfig
                    {
                        Type = "awslogs", Config = new Dictionary<string, string> { ["awslogs-group"] = "g", ["awslogs-stream"] = "s" },
                    },
                }.ToJsonText(),
            },
        }));
        await bench.StateAsync("a", "RUNNING");
        bench.Plane.IsDown = true;
        var container = await bench.ContainerAsync("a");
        await bench.StopNodeAsync();
        bench.StartNode();
        await bench.Client.Containers.WaitContainerAsync(container.Id, CancellationToken.None);
        bench.Plane.IsDown = false;
        await bench.StateAsync("a", "STOPPED");
        await bench.Plane.CalledAsync("PutLogEvents", b => b["logEvents"]!.AsArray().Any(e => (string?)e!["message"] == "line 39"));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"line {i}"), stored);
    }

    [DockerFact]
    public async Task Output_of_a_terminal_is_read_like_any_other()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Payload("a", DockerBench.Shell("main", "echo one; echo two >&2; sleep 0.2; echo three") with
        {
            DockerConfig = new AgentDockerConfig { Config = new DockerConfig { Tty = true }.ToJsonText() },
        }));
        await bench.StateAsync("a", "STOPPED");
        Assert.Equal("one\ntwo\nthree", await bench.OutputAsync("a"));
    }

    [DockerFact]
    public async Task Two_nodes_on_one_engine_do_not_see_each_other()
    {
        await using var one = await DockerBench.StartAsync();
        await using var two = await DockerBench.StartAsync();
        var socket = await one.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Payload("a", DockerBench.Shell("main", "exec sleep 600")));
        await one.StateAsync("a", "RUNNING");
        Assert.Empty(await two.Engine.ListAsync(CancellationToken.None));
        Assert.Single(await one.Engine.ListAsync(CancellationToken.None));
    }

    [DockerFact]
    public async Task A_missing_network_is_told_at_start()
    {
        await using var bench = await DockerBench.StartAsync(run: false);
        Assert.Equal(
            NodeOutcome.Misconfigured,
            await NodeAgent.RunAsync(bench.Settings with { Network = bench.Name + "-no" }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, CancellationToken.None));
    }

    private static async Task<string> AskAsync(int port, string host = "127.0.0.1")
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                return await http.GetStringAsync(new Uri($"http://{host}:{port}/index.html"), deadline.Token);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !deadline.IsCancellationRequested)
            {
                // Published before the program listens.
                await Task.Delay(50, deadline.Token);
            }
        }
    }
}
