using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Longspan.Node.Endpoints;
using Xunit;

namespace Longspan.System.Tests.Node;

/// <summary>Rules that killed nodes left in this machine's packet filter.</summary>
public sealed class StaleRedirectTests
{
    [DockerFact]
    public async Task Only_what_leads_nowhere_is_removed()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }
        var table = new Iptables(null);
        var run = RandomNumberGenerator.GetHexString(8, lowercase: true);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var refused = ((IPEndPoint)closed.LocalEndpoint).ToString();
        closed.Stop();
        async Task AddAsync(string bridge, string to, string node) => await table.RunAsync(
            ["-A", "PREROUTING", "-i", bridge, "-d", "169.254.170.2", "-p", "tcp", "--dport", "80", "-m", "comment", "--comment", $"longspan-node:{node}-{run}",
                "-j", "DNAT", "--to-destination", to], CancellationToken.None);
        try
        {
            await AddAsync("lo", listener.LocalEndpoint.ToString()!, "alive");
            await AddAsync("lo", refused, "dead");
            await AddAsync("br-" + run, listener.LocalEndpoint.ToString()!, "bridgeless");
            await table.RunAsync(
                ["-A", "POSTROUTING", "-d", "127.0.0.1", "-p", "tcp", "-m", "comment", "--comment", $"longspan-node:dead-{run}", "-j", "MASQUERADE"], CancellationToken.None);
            var (removed, left) = await StaleRedirects.RemoveAsync(CancellationToken.None);
            Assert.True(removed >= 3);
            Assert.Contains($"alive-{run}", left);
            Assert.DoesNotContain($"dead-{run}", left);
            Assert.Equal(["alive"], await MineAsync());
        }
        finally
        {
            foreach (var rule in (await table.ListAsync("PREROUTING", CancellationToken.None)).Concat(await table.ListAsync("POSTROUTING", CancellationToken.None))
                .Where(r => r.Any(w => w.EndsWith(run, StringComparison.Ordinal))))
            {
                await table.DeleteAsync(rule, CancellationToken.None);
            }
        }

        async Task<string[]> MineAsync() => [.. (await table.ListAsync("PREROUTING", CancellationToken.None))
            .Concat(await table.ListAsync("POSTROUTING", CancellationToken.None)).SelectMany(r => r)
            .Where(w => w.StartsWith("longspan-node:", StringComparison.Ordinal) && w.EndsWith(run, StringComparison.Ordinal)).Select(w => w.Split(':', '-')[2])];
    }
}
