using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orders.Core;

/// <summary>
/// The container health check: <c>dotnet X.dll --health</c> asks the running service on loopback and exits 0 or 1. The image has
/// no shell and no curl. It uses a bare socket because an engine starts this every few seconds, and an HTTP client would cost
/// more than the check.
/// </summary>
public static class HealthProbe
{
    public const int DefaultPort = 8080;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static bool IsAskedFor(string[] args) => args is ["--health"];

    public static async Task<int> RunAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await AnswersOkAsync(PortOf(Environment.GetEnvironmentVariable), patience.Token) ? 0 : 1;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return 1;
        }
    }

    /// <summary>The port that ASP.NET Core listens on with the same environment; "http://+:80" is why this is not a Uri.</summary>
    internal static int PortOf(Func<string, string?> variable)
    {
        string? setting = variable("ASPNETCORE_URLS") ?? variable("ASPNETCORE_HTTP_PORTS");
        string? port = setting?.Split(';')[0].TrimEnd('/').Split(':')[^1];
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : DefaultPort;
    }

    internal static async Task<bool> AnswersOkAsync(int port, CancellationToken stop)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
        await socket.SendAsync("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
        byte[] head = new byte[64];
        int filled = 0;
        while (filled < "HTTP/1.1 200".Length)
        {
            int read = await socket.ReceiveAsync(head.AsMemory(filled), stop);
            if (read == 0)
            {
                return false;
            }

            filled += read;
        }

        return Encoding.ASCII.GetString(head, "HTTP/1.1 ".Length, 3) == "200";
    }
}
