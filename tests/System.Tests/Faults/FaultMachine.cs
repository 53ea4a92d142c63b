using Longspan.System.Tests.Clients;

namespace Longspan.System.Tests.Faults;

/// <summary>A container as its engine shows it. One that is started again keeps its id.</summary>
internal sealed record SeenContainer(string Id, string Task, bool Running, string StartedAt);

/// <summary>One external machine of a <see cref="FaultSite"/>: a namespace, a cable, an engine and a node.</summary>
internal sealed class FaultMachine(FaultSite site, string letter, int host, string folder)
{
    private string _namespace = "";
    private OwnProcess? _engine;
    private OwnProcess? _node;

    public string Letter => letter;
    public string StateFolder => Path.Combine(folder, "state");
    public OwnProcess Node => _node!;
    private string Socket => Path.Combine(folder, "docker.sock");

    public async Task CreateAsync(string name, string image)
    {
        _namespace = name;
        Directory.CreateDirectory(StateFolder);
        Directory.CreateDirectory(Path.Combine(folder, "exec", "containerd"));
        // A small disk of its own for what the node saves, so that it can be filled.
        (await Tool.RunAsync("mount", ["-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", StateFolder])).Succeeded();
        await FaultSite.Ip("netns", "add", _namespace);
        await FaultSite.Ip("-n", _namespace, "link", "set", "lo", "up");
        await site.PlugInAsync($"{name}c", _namespace, host);
        await StartEngineAsync();
        await DockerAsync("load", "-i", image);
    }

    /// <summary>Starts the node. <paramref name="before"/> is a program that runs it, as faketime does.</summary>
    public async Task StartAsync((string Id, string Code)? activation = null, params string[] before)
    {
        string[] join = activation is { } code ? ["--activation-id", code.Id, "--activation-code", code.Code] : [];
        _node = site.InNamespace(_namespace, before, [
            "node", "--name", $"{_namespace}", "--endpoint", site.Endpoint.ToString(), "--region", LiveServer.Region, "--cluster", FaultSite.Cluster,
            "--state", StateFolder, "--docker-host", $"unix://{Socket}", "--attribute", $"machine={letter}", "--attribute", $"site={letter}",
            "--cpu", "4096", "--memory", "4096", .. join]);
        await _node.SaysAsync("Registered as ");
    }

    public async Task StartEngineAsync()
    {
        // A killed engine's containerd dies with it. Where nobody reaps it, its pid file would make the next engine wait for it.
        File.Delete(Path.Combine(folder, "dockerd.pid"));
        File.Delete(Path.Combine(folder, "exec", "containerd", "containerd.pid"));
        _engine = OwnProcess.StartForeign(
            "nsenter",
            [
                $"--net=/run/netns/{_namespace}", "dockerd", "--data-root", Path.Combine(folder, "engine"), "--exec-root", Path.Combine(folder, "exec"),
                "--pidfile", Path.Combine(folder, "dockerd.pid"), "-H", $"unix://{Socket}", "--bip", "10.250.0.1/24",
            ],
            new Dictionary<string, string>(), folder);
        await _engine.SaysAsync("API listen on ");
    }

    /// <summary>SIGKILL to the engine. Its containers run on without anybody who reads what they say, until the next engine ends them.</summary>
    public async Task KillEngineAsync()
    {
        (await Tool.RunAsync("kill", ["-KILL", $"{_engine!.Id}"])).Succeeded();
        await _engine.EndsAsync();
    }

    public Task TryKillContainerAsync(string id) => Tool.RunAsync("docker", ["-H", $"unix://{Socket}", "kill", id]);

    public async Task KillNodeAsync() => await _node!.KillAsync();

    /// <summary>Takes the cable out: both directions, nothing is reset.</summary>
    public Task CutAsync() => FaultSite.Ip("-n", site.ServerNamespace, "link", "set", $"{_namespace}c0", "down");

    /// <summary>What this machine sends is lost; it still hears the server. The other way round when <paramref name="outgoing"/> is false.</summary>
    public Task CutOneWayAsync(bool outgoing) => IptablesAsync("-A", outgoing ? "OUTPUT" : "INPUT", outgoing ? "-d" : "-s", site.ServerAddress, "-j", "DROP");

    /// <summary>Each packet, in both directions, is lost with this probability.</summary>
    public async Task LoseAsync(double probability)
    {
        foreach (var (chain, side) in new[] { ("OUTPUT", "-d"), ("INPUT", "-s") })
        {
            await IptablesAsync("-A", chain, side, site.ServerAddress, "-m", "statistic", "--mode", "random", "--probability", FormattableString.Invariant($"{probability}"), "-j", "DROP");
        }
    }

    private async Task IptablesAsync(params string[] arguments) =>
        (await Tool.RunAsync("nsenter", [$"--net=/run/netns/{_namespace}", "iptables", "-w", .. arguments])).Succeeded();

    public async Task HealLinkAsync()
    {
        await FaultSite.Ip("-n", site.ServerNamespace, "link", "set", $"{_namespace}c0", "up");
        await IptablesAsync("-F", "INPUT");
        await IptablesAsync("-F", "OUTPUT");
    }

    public void FillDisk()
    {
        using var filler = new FileStream(Filler, FileMode.CreateNew, FileAccess.Write);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // Full: that was the purpose.
        }
    }

    public void FreeDisk() => File.Delete(Filler);

    private string Filler => Path.Combine(StateFolder, "filler");

    public async Task HealAsync()
    {
        FreeDisk();
        await HealLinkAsync();
        if (_engine!.HasEnded)
        {
            await StartEngineAsync();
        }
        if (_node!.HasEnded)
        {
            await StartAsync();
        }
    }

    public async Task<string> DockerAsync(params string[] arguments) => (await Tool.RunAsync("docker", ["-H", $"unix://{Socket}", .. arguments])).Succeeded();

    /// <summary>All containers that this machine has made for a task definition family, the oldest first, ended ones too.</summary>
    public async Task<IReadOnlyList<SeenContainer>> ContainersAsync(string family)
    {
        var ids = (await DockerAsync("ps", "-aq", "--no-trunc", "--filter", $"label=com.amazonaws.ecs.task-definition-family={family}"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // One that is removed between the two calls is left out, and said so on the other stream.
        var listed = ids.Length == 0 ? "" : (await Tool.RunAsync("docker",
        [
            "-H", $"unix://{Socket}", "inspect", "--format",
            """{{.Id}} {{index .Config.Labels "com.amazonaws.ecs.task-arn"}} {{.State.Running}} {{.State.StartedAt}}""", .. ids,
        ])).Output;
        return [.. listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Reverse().Select(line => line.Split(' '))
            .Select(part => new SeenContainer(part[0], part[1], part[2] == "true", part[3]))];
    }

    public async Task RemoveAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
        if (_engine is { HasEnded: false })
        {
            var all = await DockerAsync("ps", "-aq");
            foreach (var batch in all.Split('\n', StringSplitOptions.RemoveEmptyEntries).Chunk(50))
            {
                await DockerAsync(["rm", "--force", "--volumes", .. batch]);
            }
            // Asked to end, the engine takes its containerd and its mounts along.
            await _engine.StopAsync();
        }
        if (_engine is not null)
        {
            await _engine.DisposeAsync();
        }
        await Tool.RunAsync("umount", [StateFolder]);
        // Each killed engine left its mount of its own folder behind.
        while ((await Tool.RunAsync("umount", [Path.Combine(folder, "engine")])).ExitCode == 0)
        {
        }
        await Tool.RunAsync("ip", ["netns", "del", _namespace]);
    }
}
