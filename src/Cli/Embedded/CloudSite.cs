namespace Longspan.Cli.Embedded;

/// <summary>The cloud site's network: a Docker bridge of this machine's engine.</summary>
internal static class CloudSite
{
    public static async Task CreateNetworkAsync(CancellationToken stop)
    {
        if ((await Tool.TryRunAsync("docker", ["network", "inspect", Topology.CloudNetwork], stop)).Succeeded)
        {
            return;
        }
        await Tool.RunAsync("docker", [
            "network", "create", "--driver", "bridge", "--subnet", Topology.CloudSubnet, "--gateway", Topology.CloudGateway,
            "--label", "longspan.site=cloud", Topology.CloudNetwork], stop);
    }

    /// <summary>Removes the containers that the cloud node started, and the network.</summary>
    public static async Task RemoveAsync(CancellationToken stop)
    {
        if (!await Engine.AnswersAsync(Engine.Socket, stop))
        {
            return;
        }
        await Containers.RemoveAllAsync(Engine.Socket, $"longspan.node={Topology.CloudNode}", stop);
        await Tool.TryRunAsync("docker", ["network", "rm", Topology.CloudNetwork], stop);
    }

    /// <summary>Removes what tasks and pushes kept in this machine's engine: the cloud node's volumes, and the registry's names of the images.</summary>
    public static async Task PurgeAsync(EmbeddedRun? run, CancellationToken stop)
    {
        if (!await Engine.AnswersAsync(Engine.Socket, stop))
        {
            return;
        }
        await RemoveListedAsync(["volume", "ls", "-q", "--filter", $"label=longspan.node={Topology.CloudNode}"], ["volume", "rm"], stop);
        if (run is not null)
        {
            // Pushed by tag from this machine, pulled by digest by the node; each names the registry in its way.
            string[] names = ["--filter", $"reference=127.0.0.1:{run.Port}/orders/*", "--filter", $"reference={run.CloudEndpoint.Authority}/orders/*"];
            await RemoveListedAsync(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", .. names], ["image", "rm"], stop);
            await RemoveListedAsync(["image", "ls", "--digests", "--format", "{{.Repository}}@{{.Digest}}", .. names], ["image", "rm"], stop);
        }
    }

    private static async Task RemoveListedAsync(string[] list, string[] remove, CancellationToken stop)
    {
        var found = (await Tool.RunAsync("docker", list, stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var name in found.Where(name => !name.Contains("<none>", StringComparison.Ordinal)))
        {
            await Tool.TryRunAsync("docker", [.. remove, name], stop);
        }
    }
}
