using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using Longspan.Node.Engines;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Endpoints;

/// <summary>
/// Makes 169.254.170.2:80, as containers on one bridge see it, the node's listener. Rules carry the node's name, so that a node replaces
/// what an earlier run of itself left behind and touches nobody else's.
/// </summary>
internal sealed class MetadataRedirect(string node, string? bridgeNamespace, ILogger log)
{
    private const string Address = "169.254.170.2";
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);
    private readonly string _mark = $"longspan-node:{node}";

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
            await IptablesAsync(
                ["-A", "PREROUTING", "-i", network.BridgeName, "-d", Address, "-p", "tcp", "--dport", "80",
                    "-m", "comment", "--comment", _mark, "-j", "DNAT", "--to-destination", listener.ToString()], stop);
            if (network.Gateway != listener.Address.ToString() && network.Subnet is { } subnet)
            {
                // The listener is a neighbour of the containers: without this its answers would come from an address they did not ask.
                await IptablesAsync(
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
            foreach (var line in (await IptablesAsync(["-S", chain], stop)).Split('\n').Where(l => l.Contains(_mark, StringComparison.Ordinal)))
            {
                var rule = line.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Trim('"')).ToArray();
                if (rule is ["-A", ..] && rule.Contains(_mark))
                {
                    rule[0] = "-D";
                    await IptablesAsync(rule, stop);
                }
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

    private async Task<string> IptablesAsync(string[] arguments, CancellationToken stop)
    {
        string[] command = ["iptables", "-w", "5", "-t", "nat", .. arguments];
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        if (bridgeNamespace is not null)
        {
            start.FileName = "nsenter";
            start.ArgumentList.Add($"--net={bridgeNamespace}");
            start.ArgumentList.Add("--");
            start.ArgumentList.Add(command[0]);
        }
        else
        {
            start.FileName = command[0];
        }
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start) ?? throw new IOException("iptables did not start");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(CommandTimeout);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode == 0 ? await output : throw new IOException($"iptables: {(await errors).Trim()}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            process.Kill();
            throw new IOException("iptables did not answer");
        }
    }
}
