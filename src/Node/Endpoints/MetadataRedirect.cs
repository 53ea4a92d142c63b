using System.ComponentModel;
using System.Net;
using Longspan.Node.Engines;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Endpoints;

/// <summary>
/// Makes 169.254.170.2:80, as containers on one bridge see it, the node's listener. Rules carry the node's name, so that a node replaces
/// what an earlier run of itself left behind, and of others touches only what leads nowhere.
/// </summary>
internal sealed class MetadataRedirect(string node, string? bridgeNamespace, ILogger log)
{
    private const string Address = "169.254.170.2";
    private readonly string _mark = StaleRedirects.Mark + node;
    private readonly Iptables _table = new(bridgeNamespace);

    /// <returns>What failed, or null.</returns>
    public async Task<string?> InstallAsync(NetworkView network, IPEndPoint listener, CancellationToken stop)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "iptables needs root";
        }
        try
        {
            await RemoveAsync(stop);
            if (bridgeNamespace is null && await StaleRedirects.RemoveAsync(stop) is { Removed: > 0 and var count })
            {
                log.LogInformation("Removed {Count} redirects of nodes that are gone", count);
            }
            await _table.RunAsync(
                ["-A", "PREROUTING", "-i", network.BridgeName, "-d", Address, "-p", "tcp", "--dport", "80",
                    "-m", "comment", "--comment", _mark, "-j", "DNAT", "--to-destination", listener.ToString()], stop);
            if (network.Gateway != listener.Address.ToString() && network.Subnet is { } subnet)
            {
                // The listener is a neighbour of the containers: without this its answers would come from an address they did not ask.
                await _table.RunAsync(
                    ["-A", "POSTROUTING", "-s", subnet, "-d", listener.Address.ToString(), "-p", "tcp", "--dport", listener.Port.ToString(),
                        "-m", "comment", "--comment", _mark, "-j", "MASQUERADE"], stop);
            }
            return null;
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            return e.Message;
        }
    }

    public async Task RemoveAsync(CancellationToken stop)
    {
        foreach (var chain in new[] { "PREROUTING", "POSTROUTING" })
        {
            foreach (var rule in (await _table.ListAsync(chain, stop)).Where(r => r.Contains(_mark)))
            {
                await _table.DeleteAsync(rule, stop);
            }
        }
    }

    /// <summary>At shutdown; running containers lose the endpoint until the node is back.</summary>
    public async Task TryRemoveAsync()
    {
        try
        {
            await RemoveAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            log.LogDebug("The metadata redirect stays: {Message}", e.Message);
        }
    }
}
