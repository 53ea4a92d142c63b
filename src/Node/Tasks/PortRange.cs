using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Longspan.AgentLink;

namespace Longspan.Node.Tasks;

/// <summary>
/// <c>containerPortRange</c>: consecutive ports of the container on as many consecutive ports of the host. The engine chooses single ports
/// only, so the node looks for a free row; saved before the container is made, it stays the container's across restarts.
/// </summary>
internal static class PortRange
{
    private const int FirstDynamic = 49153;
    private const int LastDynamic = 65535;
    private const int MaxPorts = 1000;
    private const int Attempts = 64;

    public static string Key(string range, string? protocol) => $"{range}/{protocol ?? "tcp"}";

    /// <summary>The ports of a mapping as the engine writes them: <c>80/tcp</c>.</summary>
    public static IEnumerable<string> Keys(AgentPortMapping mapping)
    {
        var protocol = mapping.Protocol is "udp" ? "udp" : "tcp";
        if (mapping.ContainerPortRange is { } range && TryParse(range, out var first, out var last))
        {
            return Enumerable.Range(first, last - first + 1).Select(p => $"{p}/{protocol}");
        }
        return mapping.ContainerPort is > 0 ? [$"{mapping.ContainerPort}/{protocol}"] : [];
    }

    public static bool TryParse(string range, out int first, out int last)
    {
        (first, last) = (0, 0);
        return range.Split('-') is [var from, var to]
            && int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out last) && first > 0 && first <= last && last - first < MaxPorts;
    }

    /// <summary>Chooses host ports for those ranges of the container that have none yet.</summary>
    /// <returns>Whether any was chosen.</returns>
    public static bool Choose(SavedContainer container, AgentContainer definition, string address)
    {
        var chosen = false;
        foreach (var mapping in definition.PortMappings ?? [])
        {
            if (mapping is { ContainerPortRange: { } range, HostPort: null or 0 } && TryParse(range, out var first, out var last))
            {
                chosen |= container.HostRanges.TryAdd(
                    Key(range, mapping.Protocol), FindFree(last - first + 1, mapping.Protocol == "udp", IPAddress.TryParse(address, out var ip) ? ip : IPAddress.Any));
            }
        }
        return chosen;
    }

    private static int FindFree(int count, bool udp, IPAddress address)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var first = RandomNumberGenerator.GetInt32(FirstDynamic, LastDynamic - count + 2);
            if (Enumerable.Range(first, count).All(p => IsFree(p, udp, address)))
            {
                return first;
            }
        }
        throw new TaskFault("CannotStartContainerError", $"no {count} consecutive host ports are free");
    }

    private static bool IsFree(int port, bool udp, IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, udp ? SocketType.Dgram : SocketType.Stream, udp ? ProtocolType.Udp : ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
