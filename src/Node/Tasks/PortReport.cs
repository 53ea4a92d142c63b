using Longspan.Node.Engines;

namespace Longspan.Node.Tasks;

/// <summary>A container's ports as the server is told: ranges in one piece, everything else port by port.</summary>
internal static class PortReport
{
    public static List<ReportedBinding> Of(SavedTask task, SavedContainer container, ContainerView view)
    {
        var mappings = task.Definition(container).PortMappings ?? [];
        if (task.Task.NetworkMode is "awsvpc" or "host")
        {
            var address = task.Task.NetworkMode == "host" ? "0.0.0.0"
                : view.IpAddress ?? task.Containers.Select(c => c.Address).FirstOrDefault(a => a is { Length: > 0 });
            return address is null ? [] :
            [
                .. mappings.Where(m => m.ContainerPort is > 0)
                    .Select(m => new ReportedBinding(address, m.ContainerPort!.Value, m.ContainerPort.Value, m.Protocol ?? "tcp")),
                .. mappings.Where(m => m.ContainerPortRange is not null)
                    .Select(m => Range(address, m.ContainerPortRange!, null, m.Protocol)).OfType<ReportedBinding>(),
            ];
        }
        var seen = view.Ports.Where(p => !p.HostIp.Contains(':', StringComparison.Ordinal))
            .Select(p => new ReportedBinding(p.HostIp, p.ContainerPort, p.HostPort, p.Protocol)).ToList();
        var ranges = new List<ReportedBinding>();
        foreach (var mapping in mappings.Where(m => m.ContainerPortRange is not null))
        {
            var keys = PortRange.Keys(mapping).ToHashSet(StringComparer.Ordinal);
            var own = seen.Where(b => keys.Contains($"{b.ContainerPort}/{b.Protocol}")).OrderBy(b => b.ContainerPort).ToList();
            if (own.Count == keys.Count && own[^1].HostPort - own[0].HostPort == own.Count - 1
                && Range(own[0].BindIp, mapping.ContainerPortRange!, own[0].HostPort, mapping.Protocol) is { } range)
            {
                seen.RemoveAll(own.Contains);
                ranges.Add(range);
            }
        }
        return [.. seen.Concat(ranges).OrderBy(b => b.ContainerPort).ThenBy(b => b.Protocol, StringComparer.Ordinal)];
    }

    private static ReportedBinding? Range(string address, string range, int? host, string? protocol) =>
        PortRange.TryParse(range, out var first, out var last)
            ? new ReportedBinding(
                address, first, host ?? first, protocol ?? "tcp", range, $"{host ?? first}-{(host ?? first) + last - first}")
            : null;
}
