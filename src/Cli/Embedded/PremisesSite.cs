namespace Longspan.Cli.Embedded;

/// <summary>
/// The on-premises site: a network namespace with its own Docker engine, joined to the machine by one veth pair. Nothing in it
/// has another way to the server, so taking the link down cuts agent and containers alike.
/// </summary>
internal sealed class PremisesSite(string folder)
{
    private static readonly TimeSpan EngineStartLimit = TimeSpan.FromSeconds(30);

    public string Socket => Path.Combine(folder, "docker.sock");
    private string EnginePidFile => Path.Combine(folder, "engine.pid");
    public string EngineLog => Path.Combine(folder, "engine.log");

    /// <summary>Makes the namespace, the link and the engine, or leaves alone what is there.</summary>
    public async Task CreateAsync(CancellationToken stop)
    {
        Directory.CreateDirectory(folder);
        if (!await NamespaceExistsAsync(stop))
        {
            await Ip(stop, "netns", "add", Topology.PremisesNamespace);
        }
        await InSite(stop, "link", "set", "lo", "up");
        if (!(await Tool.TryRunAsync("ip", ["link", "show", Topology.LinkServerEnd], stop)).Succeeded)
        {
            await Ip(stop, "link", "add", Topology.LinkServerEnd, "type", "veth", "peer", "name", Topology.LinkFarEnd, "netns", Topology.PremisesNamespace);
            await Ip(stop, "addr", "add", $"{Topology.LinkServerAddress}/{Topology.LinkPrefix}", "dev", Topology.LinkServerEnd);
            await InSite(stop, "addr", "add", $"{Topology.LinkFarAddress}/{Topology.LinkPrefix}", "dev", Topology.LinkFarEnd);
        }
        await Ip(stop, "link", "set", Topology.LinkServerEnd, "up");
        await HealAsync(stop);
        await StartEngineAsync(stop);
    }

    /// <summary>Takes the site's end of the link down: packets in both directions are lost, nothing is reset.</summary>
    public static Task CutAsync(CancellationToken stop) => InSite(stop, "link", "set", Topology.LinkFarEnd, "down");

    /// <summary>Brings the link up again. The route went with the link and is put back.</summary>
    public static async Task HealAsync(CancellationToken stop)
    {
        await InSite(stop, "link", "set", Topology.LinkFarEnd, "up");
        await InSite(stop, "route", "replace", "default", "via", Topology.LinkServerAddress);
    }

    public static async Task<bool> NamespaceExistsAsync(CancellationToken stop) =>
        Tool.Exists("ip") && (await Tool.TryRunAsync("ip", ["netns", "list"], stop)).Output.Split('\n')
            .Any(line => line.Split(' ')[0] == Topology.PremisesNamespace);

    public static async Task<bool> IsCutAsync(CancellationToken stop)
    {
        var link = await Tool.TryRunAsync("ip", ["-n", Topology.PremisesNamespace, "-o", "link", "show", Topology.LinkFarEnd], stop);
        return link.Succeeded && !link.Output.Contains("state UP", StringComparison.Ordinal);
    }

    /// <summary>Ends the engine and its containers, and removes the link and the namespace.</summary>
    public async Task RemoveAsync(CancellationToken stop)
    {
        if (await Engine.AnswersAsync(Socket, stop))
        {
            await Containers.RemoveAllAsync(Socket, "longspan.node", stop);
            await Tool.TryRunAsync("docker", ["-H", $"unix://{Socket}", "network", "rm", Topology.PremisesNetwork], stop);
        }
        await BackgroundProcess.StopAsync(EnginePidFile, TimeSpan.FromSeconds(20), stop);
        if (Tool.Exists("ip"))
        {
            await Tool.TryRunAsync("ip", ["link", "del", Topology.LinkServerEnd], stop);
            if (await NamespaceExistsAsync(stop))
            {
                await Tool.TryRunAsync("ip", ["netns", "del", Topology.PremisesNamespace], stop);
            }
        }
    }

    private async Task StartEngineAsync(CancellationToken stop)
    {
        if (BackgroundProcess.Find(EnginePidFile) is null || !await Engine.AnswersAsync(Socket, stop))
        {
            await BackgroundProcess.StopAsync(EnginePidFile, TimeSpan.FromSeconds(20), stop);
            // A pid file of the engine itself that a crash left behind would stop it from starting.
            File.Delete(Path.Combine(folder, "dockerd.pid"));
            await BackgroundProcess.StartAsync("dockerd", [
                "--data-root", Path.Combine(folder, "engine"), "--exec-root", Path.Combine(folder, "exec"), "--pidfile", Path.Combine(folder, "dockerd.pid"),
                "-H", $"unix://{Socket}", "--bip", "10.255.80.1/24"],
                EngineLog, stop, EnginePidFile, Topology.PremisesNamespace);
            await Wait.UntilAsync("the on-premises Docker engine answers", () => Engine.AnswersAsync(Socket, stop), EngineStartLimit, stop);
        }
        if (!(await Tool.TryRunAsync("docker", ["-H", $"unix://{Socket}", "network", "inspect", Topology.PremisesNetwork], stop)).Succeeded)
        {
            await Tool.RunAsync("docker", [
                "-H", $"unix://{Socket}", "network", "create", "--driver", "bridge", "--subnet", Topology.PremisesSubnet, "--gateway", Topology.PremisesGateway,
                Topology.PremisesNetwork], stop);
        }
    }

    private static Task Ip(CancellationToken stop, params string[] arguments) => Tool.RunAsync("ip", arguments, stop);

    private static Task InSite(CancellationToken stop, params string[] arguments) =>
        Tool.RunAsync("ip", ["-n", Topology.PremisesNamespace, .. arguments], stop);
}
