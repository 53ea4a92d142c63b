using System.Net.Sockets;

namespace Longspan.Node.Control;

/// <summary>
/// Connections for reports alone. A system goes on sending what a closed connection has not got through, for a quarter of an hour and more:
/// a report that was given up during a cut would arrive at its end, when it may be wrong. These are reset when they are closed, also by the
/// end of this process, which discards their unsent bytes.
/// </summary>
internal static class ReportConnections
{
    public static SocketsHttpHandler Handler(TimeSpan connectTimeout) => new()
    {
        ConnectTimeout = connectTimeout,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        ConnectCallback = ConnectAsync,
    };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var socket = new System.Net.Sockets.Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
