using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Node.Engines;
using Longspan.Node.Tasks;
using Xunit;
using KeyValuePair = Longspan.Api.Ecs.KeyValuePair;

namespace Longspan.System.Tests.Node;

/// <summary>Members of a task definition as the processes of real containers see them.</summary>
public sealed class TaskDefinitionTests
{
    [DockerFact]
    public async Task A_container_is_what_its_definition_says()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        var folder = Directory.CreateTempSubdirectory("task-definition");
        folder.UnixFileMode |= UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "given"), "from the host\n");
        var main = new ContainerDefinition
        {
            Name = "main", Image = DockerForTests.Image, Cpu = 128, Memory = 32, MemoryReservation = 16, EntryPoint = ["busybox", "sh", "-c"],
            Command =
            [
                """
                echo "$A $B"; id -u; pwd; hostname; busybox grep -c 10.9.8.7 /etc/hosts; busybox grep search /etc/resolv.conf
                ulimit -n; cat /proc/sys/net/core/somaxconn; busybox grep CapBnd /proc/self/status; busybox grep NoNewPrivs /proc/self/status
                (echo x > /rootfs) 2>/dev/null && echo writable; busybox mount | busybox grep -E ' /scratch-tmp | /dev/shm ' | busybox sed 's/ on.*(/ (/' | busybox sort
                ls -l /dev/mine | busybox cut -c1; cat /host/given; (echo x > /host/new) 2>/dev/null && echo writable; echo kept > /work/file && cat /work/file
                test -t 1 && echo terminal; busybox readlink /proc/1/exe; echo end
                """,
            ],
            Environment = [new KeyValuePair { Name = "A", Value = "1" }, new KeyValuePair { Name = "B", Value = "x" }],
            WorkingDirectory = "/tmp", User = "65534:65534", Hostname = "counter", DnsServers = ["10.0.0.53"], DnsSearchDomains = ["example.internal"],
            ExtraHosts = [new HostEntry { Hostname = "till", IpAddress = "10.9.8.7" }], ReadonlyRootFilesystem = true, PseudoTerminal = true,
            Interactive = true, DockerLabels = new() { ["team"] = "orders" }, DockerSecurityOptions = ["no-new-privileges"],
            Ulimits = [new Ulimit { Name = "nofile", SoftLimit = 77, HardLimit = 99 }],
            SystemControls = [new SystemControl { Namespace = "net.core.somaxconn", Value = "333" }], StopTimeout = 1,
            MountPoints =
            [
                new MountPoint { SourceVolume = "host", ContainerPath = "/host", ReadOnly = true }, new MountPoint { SourceVolume = "own", ContainerPath = "/work" },
                new MountPoint { SourceVolume = "shared", ContainerPath = "/shared" },
            ],
            LinuxParameters = new LinuxParameters
            {
                InitProcessEnabled = true, SharedMemorySize = 3, MaxSwap = 8, Capabilities = new KernelCapabilities { Add = ["NET_ADMIN"], Drop = ["MKNOD"] },
                Tmpfs = [new Tmpfs { ContainerPath = "/scratch-tmp", Size = 2, MountOptions = ["noexec", "mode=1777"] }],
                Devices = [new Device { HostPath = "/dev/null", ContainerPath = "/dev/mine", Permissions = ["read", "write"] }],
            },
        };
        var shared = "shared-" + bench.Name;
        main.MountPoints[2].SourceVolume = shared;
        await socket.SendAsync(DefinedTask.Payload("a", [main], r => r.Volumes =
        [
            new Volume { Name = "host", Host = new HostVolumeProperties { SourcePath = folder.FullName } },
            new Volume { Name = "own", DockerVolumeConfiguration = new DockerVolumeConfiguration { Driver = "local", Labels = new() { ["kind"] = "own" }, DriverOpts = new() { ["type"] = "tmpfs", ["device"] = "tmpfs", ["o"] = "size=1m,uid=65534" } } },
            new Volume { Name = shared, DockerVolumeConfiguration = new DockerVolumeConfiguration { Scope = "shared", Autoprovision = true } },
        ], new TaskOverride { ContainerOverrides = [new ContainerOverride { Name = "main", Environment = [new KeyValuePair { Name = "B", Value = "2" }], MemoryReservation = 20 }] }));
        await bench.StateAsync("a", "STOPPED");
        Assert.Equal(
            [
                "1 2", "65534", "/tmp", "counter", "1", "search example.internal", "77", "333", "CapBnd:\t",
                "NoNewPrivs:\t1", "shm", "tmpfs", "c", "from the host", "kept", "terminal", "/sbin/docker-init", "end",
            ],
            Simplified(await bench.OutputAsync("a")));
        var container = (await bench.Client.Containers.InspectContainerAsync((await bench.ContainerAsync("a")).Id));
        var host = container.HostConfig!;
        Assert.Equal((32L << 20, 20L << 20, 40L << 20, 3L << 20), (host.Memory, host.MemoryReservation, host.MemorySwap, host.ShmSize));
        Assert.Equal(("orders", true, true, 128L), (container.Config!.Labels["team"], container.Config.Tty, container.Config.OpenStdin, host.CPUShares));
        Assert.Equal("10.0.0.53", Assert.Single(host.DNS));
        Assert.Equal("size=2m,noexec,mode=1777", host.Tmpfs!["/scratch-tmp"]);
        Assert.Equal(("NET_ADMIN", "MKNOD", "rw"), (host.CapAdd!.Single().Replace("CAP_", ""), host.CapDrop!.Single().Replace("CAP_", ""), host.Devices!.Single().CgroupPermissions));
        var volumes = (await bench.Client.Volumes.ListAsync(CancellationToken.None)).Volumes;
        Assert.Equal("own", volumes.Single(v => v.Name == container.Mounts.Single(m => m.Destination == "/work").Name).Labels["kind"]);
        Assert.Contains(volumes, v => v.Name == shared);
        folder.Delete(recursive: true);
    }

    // What differs between kernels is left out: the rest of the capability mask, mount options.
    private static IEnumerable<string> Simplified(string output) => output.Split('\n').Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0)
        .Select(l => l.StartsWith("CapBnd", StringComparison.Ordinal) ? "CapBnd:\t" : l.Split(" (")[0] is "tmpfs" or "shm" ? l.Split(" (")[0] : l)
        .Select(l => l.EndsWith("/docker-init", StringComparison.Ordinal) ? "/sbin/docker-init" : l);

    [DockerFact]
    public async Task Containers_of_a_task_wait_for_link_to_and_mount_from_each_other()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        var first = DefinedTask.Shell("first", "echo ready > /data/index.html", essential: false);
        first.MountPoints = [new MountPoint { SourceVolume = "data", ContainerPath = "/data" }];
        var odd = DefinedTask.Shell("odd", "exit 3", essential: false);
        var db = DefinedTask.Shell("db", "exec httpd -f -p 8080 -h /data");
        db.MountPoints = first.MountPoints;
        db.DependsOn = [new ContainerDependency { ContainerName = "first", Condition = "SUCCESS" }, new ContainerDependency { ContainerName = "odd", Condition = "COMPLETE" }];
        db.HealthCheck = new HealthCheck { Command = ["CMD-SHELL", "test -f /data/index.html"], Interval = 5 };
        db.PortMappings =
        [
            new PortMapping { ContainerPort = 8080, Name = "web", AppProtocol = "http" }, new PortMapping { ContainerPortRange = "9000-9003" },
            new PortMapping { ContainerPort = 5353, Protocol = "udp" },
        ];
        var main = DefinedTask.Shell("main", "wget -q -O - http://base:8080/index.html; cat /data/index.html; (echo x > /data/y) 2>/dev/null || echo read-only; exec sleep 600");
        main.Links = ["db:base"];
        main.VolumesFrom = [new VolumeFrom { SourceContainer = "db", ReadOnly = true }];
        main.DependsOn = [new ContainerDependency { ContainerName = "db", Condition = "HEALTHY" }];
        main.LogConfiguration = new LogConfiguration { LogDriver = "json-file", Options = new() { ["max-size"] = "1m" } };
        await socket.SendAsync(DefinedTask.Payload("a", [main, db, odd, first], r => r.Volumes = [new Volume { Name = "data" }]));

        var running = await bench.StateAsync("a", "RUNNING");
        var bindings = running["containers"]!.AsArray().Single(c => (string?)c!["containerName"] == "db")!["networkBindings"]!.AsArray();
        Assert.Equal([("tcp", "8080"), ("tcp", "9000-9003"), ("udp", "5353")], bindings.Select(b => ((string)b!["protocol"]!, Port(b))).Order());
        var range = bindings.Single(b => b!["hostPortRange"] is not null)!;
        var ends = ((string)range["hostPortRange"]!).Split('-').Select(int.Parse).ToArray();
        Assert.Equal(3, ends[1] - ends[0]);
        var before = await bench.ContainerAsync("a", "db");
        Assert.Equal(Enumerable.Range(ends[0], 4), before.Ports.Where(p => p.ContainerPort >= 9000).OrderBy(p => p.ContainerPort).Select(p => p.HostPort));

        // A node that comes back takes all of this up as it is.
        await bench.StopNodeAsync();
        bench.StartNode();
        socket = await bench.Plane.ConnectedAsync();
        await socket.SendAsync(DockerBench.Stop("a"));
        await bench.StateAsync("a", "STOPPED");
        Assert.Equal("ready\nready\nread-only", await bench.OutputAsync("a"));
        Assert.Equal(before.StartedAt, (await bench.ContainerAsync("a", "db")).StartedAt);
        Assert.Equal((3, 0), ((await bench.ContainerAsync("a", "odd")).ExitCode, (await bench.ContainerAsync("a", "first")).ExitCode));
        var inspected = await bench.Client.Containers.InspectContainerAsync((await bench.ContainerAsync("a")).Id);
        Assert.Equal(("json-file", "1m"), (inspected.HostConfig!.LogConfig.Type, inspected.HostConfig.LogConfig.Config["max-size"]));
    }

    private static string Port(JsonNode binding) => (string?)binding["containerPortRange"] ?? binding["containerPort"]!.ToJsonString();

    [DockerFact]
    public async Task Namespaces_are_shared_as_the_task_says()
    {
        await using var bench = await DockerBench.StartAsync();
        var socket = await bench.Plane.ConnectedAsync();
        const string Look = "sleep 0.3; busybox ps -o args | busybox grep -c '[s]leep 611'; cat /dev/shm/note 2>/dev/null || echo none; exec sleep 600";
        ContainerDefinition[] Pair() =>
            [DefinedTask.Shell("main", Look), DefinedTask.Shell("side", "echo hello > /dev/shm/note; exec sleep 611", essential: false)];
        var shared = Pair();
        shared[0].DependsOn = [new ContainerDependency { ContainerName = "side", Condition = "START" }];
        await socket.SendAsync(DefinedTask.Payload("shared", shared, r => (r.PidMode, r.IpcMode) = ("task", "task")));
        var apart = Pair();
        apart[0].DependsOn = shared[0].DependsOn;
        await socket.SendAsync(DefinedTask.Payload("apart", apart, r => r.IpcMode = "none"));
        await socket.SendAsync(DefinedTask.Payload("host", [DefinedTask.Shell("main", "busybox readlink /proc/self/ns/pid; hostname; exec sleep 600")], r => (r.PidMode, r.NetworkMode) = ("host", "host")));
        await socket.SendAsync(DefinedTask.Payload("none", [DefinedTask.Shell("main", "ls /sys/class/net; exec sleep 600")], r => r.NetworkMode = "none"));
        var off = DefinedTask.Shell("main", "ls /sys/class/net; exec sleep 600");
        off.DisableNetworking = true;
        await socket.SendAsync(DefinedTask.Payload("off", [off]));
        ContainerDefinition[] eni = [DefinedTask.Shell("main", "busybox grep search /etc/resolv.conf; exec sleep 600"), DefinedTask.Shell("side", "exec sleep 600")];
        (eni[0].DnsServers, eni[1].DnsSearchDomains) = (["10.0.0.53"], ["one.internal"]);
        await socket.SendAsync(DefinedTask.Payload("eni", eni, r => r.NetworkMode = "awsvpc"));
        string[] all = ["shared", "apart", "host", "none", "off", "eni"];
        foreach (var task in all)
        {
            await bench.StateAsync(task, "RUNNING");
        }
        Assert.Equal(["1", "hello"], await SayAsync(bench, "shared", 2));
        Assert.Equal(["0", "none"], await SayAsync(bench, "apart", 2));
        Assert.Equal([new FileInfo("/proc/self/ns/pid").LinkTarget ?? "", Environment.MachineName], await SayAsync(bench, "host", 2));
        Assert.DoesNotContain("eth0", await SayAsync(bench, "none", 1));
        Assert.DoesNotContain("eth0", await SayAsync(bench, "off", 1));
        Assert.Equal(["search one.internal"], await SayAsync(bench, "eni", 1));
        var owner = await bench.Client.Containers.InspectContainerAsync((await bench.ContainerAsync("eni", NetworkOwner.Name)).Id);
        Assert.Equal("10.0.0.53", Assert.Single(owner.HostConfig!.DNS));
        foreach (var task in all)
        {
            await socket.SendAsync(DockerBench.Stop(task));
        }
        foreach (var task in all)
        {
            await bench.StateAsync(task, "STOPPED");
        }
    }

    private static async Task<IReadOnlyList<string>> SayAsync(DockerBench bench, string task, int lines)
    {
        var said = new List<string>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await foreach (var line in bench.Engine.ReadOutputAsync((await bench.ContainerAsync(task)).Id, null, deadline.Token))
        {
            said.Add(line.Text.Trim());
            if (said.Count == lines)
            {
                break;
            }
        }
        return said;
    }

    [DockerFact]
    public async Task The_size_of_a_task_bounds_its_containers_together()
    {
        await using var bench = await DockerBench.StartAsync(run: false);
        if (TaskCgroups.Find(await bench.Engine.DescribeAsync(CancellationToken.None), bench.Settings, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance) is null)
        {
            // Where the engine leaves cgroups to systemd, or without root, a task is bounded container by container only.
            return;
        }
        bench.StartNode(bench.Settings with { CleanupWait = TimeSpan.Zero });
        var socket = await bench.Plane.ConnectedAsync();
        ContainerDefinition Eater(string name)
        {
            // 40 MiB each: within the bound of either, beyond that of the task.
            var container = DefinedTask.Shell(name, "exec busybox dd if=/dev/zero of=/dev/null bs=40M");
            container.Memory = null;
            return container;
        }
        var id = "b" + bench.Name;
        await socket.SendAsync(DefinedTask.Payload(id, [Eater("one"), Eater("two")], r => (r.Cpu, r.Memory) = ("512", "64")));
        var stopped = await bench.StateAsync(id, "STOPPED");
        Assert.Contains(137, stopped["containers"]!.AsArray().Select(c => (int?)c!["exitCode"] ?? 0));
        await bench.GoneAsync(id);
        Assert.DoesNotContain(Directory.EnumerateDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup"), d => Directory.Exists(Path.Combine(d, "ecs", id)));
    }
}
