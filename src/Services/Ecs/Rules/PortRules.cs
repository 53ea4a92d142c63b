using System.Globalization;
using System.Text.RegularExpressions;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Port mappings: single ports with a fixed or dynamic host port, and ranges, whose host ports are always dynamic.</summary>
internal static partial class PortRules
{
    public const int MaximumMappings = 100;

    [GeneratedRegex("^[a-z0-9_][a-z0-9_-]{0,63}$")]
    private static partial Regex MappingName();

    public static void Complete(IEnumerable<PortMapping> mappings, string? networkMode)
    {
        foreach (var mapping in mappings)
        {
            mapping.Protocol ??= "tcp";
            if (networkMode is "awsvpc" or "host")
            {
                mapping.HostPort ??= mapping.ContainerPort;
            }
            else if (mapping.ContainerPort is not null)
            {
                mapping.HostPort ??= 0;
            }
        }
    }

    public static void Check(ContainerDefinition container, string? mode)
    {
        var mappings = container.PortMappings ?? [];
        if (mappings.Count > MaximumMappings)
        {
            throw ContainerRules.Invalid(container.Name, $"At most {MaximumMappings} port mappings are allowed.");
        }
        if (mode == "none" && mappings.Count > 0)
        {
            throw new ClientException("Port mappings are not supported when networkMode=none.");
        }
        foreach (var mapping in mappings)
        {
            Check(container.Name, mapping, mode);
        }
    }

    private static void Check(string? name, PortMapping mapping, string? mode)
    {
        if (mapping.ContainerPortRange is { } range)
        {
            CheckRange(name, mapping, range, mode);
        }
        else if (mapping.ContainerPort is not (>= 1 and <= 65535) || mapping.HostPort is < 0 or > 65535)
        {
            throw new ClientException($"Invalid port mapping for container '{name}'.");
        }
        if (mapping.Protocol is { } protocol and not ("tcp" or "udp"))
        {
            throw ContainerRules.Invalid(name, $"The protocol of a port mapping must be tcp or udp, not '{protocol}'.");
        }
        if (mapping.AppProtocol is { } app && app is not ("http" or "http2" or "grpc"))
        {
            throw ContainerRules.Invalid(name, $"'appProtocol' must be http, http2 or grpc, not '{app}'.");
        }
        if (mapping.Name is { } given && !MappingName().IsMatch(given))
        {
            throw ContainerRules.Invalid(
                name, $"The port mapping name '{given}' may have up to 64 characters: lower case letters, digits, '_' and, except at its start, '-'.");
        }
        if (mode is "awsvpc" or "host" && mapping.HostPort is { } host && host != mapping.ContainerPort)
        {
            throw new ClientException($"When networkMode={mode}, the host ports and container ports in port mappings must match.");
        }
    }

    private static void CheckRange(string? name, PortMapping mapping, string range, string? mode)
    {
        if (mapping.ContainerPort is not null || mapping.HostPort is not null)
        {
            throw ContainerRules.Invalid(name, "'containerPortRange' cannot be combined with 'containerPort' or 'hostPort'.");
        }
        if (mode is not (null or "bridge" or "awsvpc"))
        {
            throw new ClientException($"containerPortRange is not supported when networkMode={mode}.");
        }
        if (!TryRange(range, out _, out _))
        {
            throw ContainerRules.Invalid(name, $"The container port range '{range}' must be written FIRST-LAST, with at most {MaximumMappings} ports from 1 to 65535.");
        }
    }

    public static bool TryRange(string text, out int first, out int last)
    {
        (first, last) = (0, 0);
        return text.Split('-') is [var from, var to]
            && int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out last)
            && first >= 1 && first <= last && last <= 65535 && last - first < MaximumMappings;
    }

    /// <summary>Two containers of one task cannot have the same port of its host, nor the same mapping name.</summary>
    public static void CheckTogether(IReadOnlyList<ContainerDefinition> containers, string? mode)
    {
        var ports = new HashSet<(int, string)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mapping in containers.SelectMany(c => c.PortMappings ?? []))
        {
            if (mapping.Name is { } name && !names.Add(name))
            {
                throw new ClientException($"The port mapping name '{name}' is used more than once.");
            }
            var host = mode is "awsvpc" or "host" ? mapping.ContainerPort : mapping.HostPort;
            if (host is > 0 && !ports.Add((host.Value, mapping.Protocol ?? "tcp")))
            {
                throw new ClientException($"The host port {host}/{mapping.Protocol ?? "tcp"} is mapped more than once.");
            }
        }
    }
}
