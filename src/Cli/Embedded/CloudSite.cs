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
}
