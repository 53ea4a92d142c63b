using System.Net.Sockets;
using Longspan.Cli.Output;

namespace Longspan.Cli.Embedded;

/// <summary>Finds the machine's Docker engine, and installs and starts the distribution's when there is none.</summary>
internal static class Engine
{
    public const string SystemSocket = "/var/run/docker.sock";
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(10);
    private static readonly Dictionary<string, string> Noninteractive = new() { ["DEBIAN_FRONTEND"] = "noninteractive" };
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    /// <summary>The engine's socket: <c>DOCKER_HOST</c> if it names a Unix socket, else the system's.</summary>
    public static string Socket =>
        Environment.GetEnvironmentVariable("DOCKER_HOST") is { } host && host.StartsWith("unix://", StringComparison.Ordinal) ? host[7..] : SystemSocket;

    public static async Task<bool> AnswersAsync(string socket, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await unix.ConnectAsync(new UnixDomainSocketEndPoint(socket), token);
                    return new NetworkStream(unix, ownsSocket: true);
                }
                catch
                {
                    unix.Dispose();
                    throw;
                }
            },
        };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using var answer = await http.GetAsync(new Uri("http://docker/_ping"), stop);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Leaves a working engine behind, or says what is missing.</summary>
    public static async Task EnsureAsync(Terminal terminal, bool yes, CancellationToken stop)
    {
        if (await AnswersAsync(Socket, stop))
        {
            return;
        }
        if (File.Exists(Socket) && !Environment.IsPrivilegedProcess)
        {
            throw new CommandFailure($"The Docker socket {Socket} is there, but this user may not use it.", "Run as root.");
        }
        if (!Environment.IsPrivilegedProcess)
        {
            throw new CommandFailure("No Docker engine answers.", "Run this command as root to install and start the distribution's Docker.");
        }
        if (!Tool.Exists("dockerd"))
        {
            if (!yes && !terminal.Confirm("No Docker engine was found. Install the distribution's docker.io package?"))
            {
                throw new CommandFailure("A Docker engine is needed and none is installed.", "Run 'longspan up --yes' to have it installed, or install it yourself.");
            }
            await terminal.StepAsync("Installing Docker from the distribution", () => InstallAsync(stop));
        }
        await terminal.StepAsync("Starting the Docker engine", () => StartAsync(stop));
    }

    /// <summary>What the sites need beside the engine: the docker client, <c>ip</c>, <c>nsenter</c>, <c>iptables</c>.</summary>
    public static async Task EnsureToolsAsync(Terminal terminal, bool yes, CancellationToken stop)
    {
        var missing = new[] { ("ip", "iproute2"), ("nsenter", "util-linux"), ("iptables", "iptables"), ("docker", "docker-cli"), ("dockerd", "docker.io") }
            .Where(need => !Tool.Exists(need.Item1)).ToArray();
        if (missing.Length == 0)
        {
            return;
        }
        var packages = missing.Select(need => need.Item2).ToArray();
        if (!Tool.Exists("apt-get") || !yes && !terminal.Confirm($"The sites need {string.Join(", ", packages)}. Install from the distribution?"))
        {
            throw new CommandFailure($"These programs are missing: {string.Join(", ", missing.Select(need => need.Item1))}.", "Run 'longspan up --yes' to have them installed.");
        }
        await terminal.StepAsync($"Installing {string.Join(", ", packages)}", async () =>
        {
            await Tool.RunAsync("apt-get", ["update", "-qq"], stop, InstallLimit);
            await Tool.RunAsync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", .. packages], stop, InstallLimit, environment: Noninteractive);
        });
    }

    private static async Task InstallAsync(CancellationToken stop)
    {
        if (!Tool.Exists("apt-get"))
        {
            throw new CommandFailure("Only Debian's package tool is supported for installing Docker, and apt-get is not here.", "Install Docker yourself, then run this again.");
        }
        await Tool.RunAsync("apt-get", ["update", "-qq"], stop, InstallLimit);
        string[] packages = ["docker.io", "iptables", "ca-certificates"];
        // From Debian 13 on, the client is a package of its own.
        if ((await Tool.TryRunAsync("apt-cache", ["show", "docker-cli"], stop)).Succeeded)
        {
            packages = [.. packages, "docker-cli"];
        }
        await Tool.RunAsync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", .. packages], stop, InstallLimit, environment: Noninteractive);
    }

    private static async Task StartAsync(CancellationToken stop)
    {
        if (Directory.Exists("/run/systemd/system"))
        {
            await Tool.RunAsync("systemctl", ["enable", "--now", "docker"], stop);
        }
        else
        {
            // The distribution's init script raises limits that many virtual machines do not allow to be raised.
            await BackgroundProcess.StartAsync("dockerd", [], "/var/log/dockerd.log", stop);
        }
        await Wait.UntilAsync("the Docker engine answers", () => AnswersAsync(Socket, stop), StartLimit, stop);
    }
}
