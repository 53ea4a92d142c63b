using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Longspan.Node.Control;

/// <summary>The machine in a few words.</summary>
internal static class HostFacts
{
    private static readonly Dictionary<string, string> s_release = Read("/etc/os-release");

    public static string PlatformName => s_release.GetValueOrDefault("NAME", "Linux");

    public static string PlatformVersion => s_release.GetValueOrDefault("VERSION_ID", "");

    public static string Architecture => System.Runtime.InteropServices.RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        _ => "x86_64",
    };

    public static string? Address => NetworkInterface.GetAllNetworkInterfaces()
        .Where(n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(n => n.GetIPProperties().UnicastAddresses)
        .FirstOrDefault(a => a.Address.AddressFamily == AddressFamily.InterNetwork)?.Address.ToString();

    private static Dictionary<string, string> Read(string path)
    {
        try
        {
            return File.ReadLines(path).Select(l => l.Split('=', 2)).Where(p => p.Length == 2)
                .ToDictionary(p => p[0], p => p[1].Trim('"'), StringComparer.Ordinal);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
