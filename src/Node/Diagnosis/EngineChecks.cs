using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Longspan.Node.Diagnosis;

/// <summary>The container engine and the packet filter of the machine.</summary>
internal sealed class EngineChecks(NodeSettings settings)
{
    private const string Check = "engine";
    private static readonly Version Oldest = new(20, 10);

    public async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken stop)
    {
        if (settings.Engine == EngineKind.Fake)
        {
            return [Finding.Doubtful(Check, "the fake engine runs nothing", "Leave --engine out to run containers.")];
        }
        try
        {
            return Judge(await ReadAsync(stop));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or System.Text.Json.JsonException or InvalidOperationException)
        {
            var reason = e.InnerException?.Message ?? e.Message;
            return [Finding.Failed(Check, $"no Docker engine answers at {settings.DockerHost}: {reason}", Advice(reason))];
        }
    }

    /// <summary>Containers get their keys at an address that a rule of the packet filter leads to the node.</summary>
    public async Task<IReadOnlyList<Finding>> LookAtIptablesAsync(CancellationToken stop)
    {
        const string Name = "iptables";
        const string Consequence = "containers get no AWS credentials without it";
        if (settings.Engine == EngineKind.Fake || settings.MetadataAccess is MetadataAccess.Prepared or MetadataAccess.Address)
        {
            return [];
        }
        if (!Environment.IsPrivilegedProcess)
        {
            return [Finding.Doubtful(Name, $"not root: the node cannot set its rule, and {Consequence}", "Run the node (and this check) as root.")];
        }
        try
        {
            using var process = Process.Start(new ProcessStartInfo("iptables", ["-w", "5", "-t", "nat", "-S", "PREROUTING"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            var errors = process.StandardError.ReadToEndAsync(stop);
            _ = process.StandardOutput.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop);
            return [process.ExitCode == 0
                ? Finding.Fine(Name, "the nat table can be read")
                : Finding.Doubtful(Name, $"{(await errors).Trim()}; {Consequence}", "Load the kernel's nat table ('modprobe iptable_nat'), or allow NET_ADMIN.")];
        }
        catch (Win32Exception)
        {
            return [Finding.Doubtful(Name, $"not installed; {Consequence}", "Install it: 'apt-get install iptables' on Debian.")];
        }
    }

    private List<Finding> Judge(JsonNode info)
    {
        var version = (string?)info["ServerVersion"] ?? "unknown";
        var found = new List<Finding>
        {
            Version.TryParse(version.Split('-', '+')[0], out var number) && number < Oldest
                ? Finding.Failed(Check, $"Docker {version} at {settings.DockerHost} is older than {Oldest}", "Install a newer engine: 'apt-get install docker.io' on Debian 12.")
                : Finding.Fine(Check, $"Docker {version} at {settings.DockerHost}, {info["NCPU"]} CPUs, {(long?)info["MemTotal"] / (1024 * 1024)} MiB"),
            Cgroups(info),
        };
        return found;
    }

    private static Finding Cgroups(JsonNode info)
    {
        const string Name = "cgroups";
        var mode = $"version {info["CgroupVersion"]}, driver {info["CgroupDriver"]}";
        string[] missing =
        [
            .. (info["MemoryLimit"]?.GetValue<bool>() == false ? ["memory"] : Array.Empty<string>()),
            .. (info["CpuShares"]?.GetValue<bool>() == false ? ["CPU"] : Array.Empty<string>()),
            .. (info["PidsLimit"]?.GetValue<bool>() == false ? ["process"] : Array.Empty<string>()),
        ];
        return (string?)info["CgroupDriver"] == "none"
            ? Finding.Doubtful(Name, $"{mode}: limits of containers are not enforced", "Run the engine as root, or delegate cgroups to it.")
            : missing.Length == 0 ? Finding.Fine(Name, mode)
            : Finding.Doubtful(Name, $"{mode}, without {string.Join(" and ", missing)} limits: those of containers are not enforced",
                "Enable the controllers at boot, for example 'cgroup_enable=memory swapaccount=1' on the kernel's command line.");
    }

    private async Task<JsonNode> ReadAsync(CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        var address = new Uri("http://engine/info");
        if (settings.DockerHost.Scheme == "unix")
        {
            handler.ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(settings.DockerHost.LocalPath), cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }
        else
        {
            address = new UriBuilder(settings.DockerHost) { Scheme = "http", Path = "info" }.Uri;
        }
        using var http = new HttpClient(handler);
        return JsonNode.Parse(await http.GetByteArrayAsync(address, stop)) ?? throw new InvalidOperationException("an empty answer");
    }

    private string Advice(string reason) =>
        reason.Contains("denied", StringComparison.OrdinalIgnoreCase) ? "Run as root, or as a member of the group that may use the socket."
        : settings.DockerHost.Scheme == "unix" && !File.Exists(settings.DockerHost.LocalPath)
            ? "Install and start it ('apt-get install docker.io', 'systemctl start docker'), or name its socket with --docker-host unix:///PATH."
            : "Start it ('systemctl start docker'), or name another with --docker-host.";
}
