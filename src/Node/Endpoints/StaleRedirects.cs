using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Longspan.Node.Endpoints;

/// <summary>
/// Redirects of nodes that were killed and never started again: nobody else would ever remove them. A redirect is stale when its bridge is
/// gone, or when nothing listens where it leads; a node listens before it makes one. One that is removed by mistake, in the moment in which
/// its node is being restarted, comes back with the node.
/// </summary>
public static class StaleRedirects
{
    internal const string Mark = "longspan-node:";
    /// <summary>More are left to the next start.</summary>
    private const int MaxRemoved = 256;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Looks at this process's own network namespace only.</summary>
    /// <returns>How many rules were removed, and the names of the nodes whose rules remain; nothing without the right to look.</returns>
    public static async Task<(int Removed, IReadOnlyList<string> Left)> RemoveAsync(CancellationToken stop)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return (0, []);
        }
        try
        {
            return await RemoveAsync(new Iptables(null), stop);
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            return (0, []);
        }
    }

    private static async Task<(int Removed, IReadOnlyList<string> Left)> RemoveAsync(Iptables table, CancellationToken stop)
    {
        var bridges = NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        var live = new HashSet<string>(StringComparer.Ordinal);
        var removed = 0;
        foreach (var rule in await MarkedAsync(table, "PREROUTING", stop))
        {
            if (bridges.Contains(After(rule, "-i") ?? "") && await ListensAsync(After(rule, "--to-destination"), stop))
            {
                live.Add(After(rule, "--comment")!);
            }
            else if (removed < MaxRemoved)
            {
                await table.DeleteAsync(rule, stop);
                removed++;
            }
        }
        foreach (var rule in await MarkedAsync(table, "POSTROUTING", stop))
        {
            if (!live.Contains(After(rule, "--comment")!) && removed < MaxRemoved)
            {
                await table.DeleteAsync(rule, stop);
                removed++;
            }
        }
        return (removed, [.. live.Select(m => m[Mark.Length..]).Order(StringComparer.Ordinal)]);
    }

    private static async Task<IEnumerable<string[]>> MarkedAsync(Iptables table, string chain, CancellationToken stop) =>
        (await table.ListAsync(chain, stop)).Where(r => After(r, "--comment")?.StartsWith(Mark, StringComparison.Ordinal) == true);

    private static string? After(string[] rule, string option) => Array.IndexOf(rule, option) is >= 0 and var at && at + 1 < rule.Length ? rule[at + 1] : null;

    /// <summary>Only a clear refusal counts: who does not answer may be busy.</summary>
    private static async Task<bool> ListensAsync(string? destination, CancellationToken stop)
    {
        if (!IPEndPoint.TryParse(destination ?? "", out var listener))
        {
            return true;
        }
        using var socket = new Socket(listener.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(ConnectTimeout);
        try
        {
            await socket.ConnectAsync(listener, limit.Token);
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode != SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return true;
        }
    }
}
