using System.Net.Sockets;
using Longspan.AgentLink;
using Longspan.Wire.Client;

namespace Longspan.Node.Control;

/// <summary>
/// Connections for reports alone. A system goes on sending what a closed connection has not got through, for a quarter of an hour and more:
/// a report that was given up during a cut would arrive at its end, when it may be wrong. These are reset when they are closed, also by the
/// end of this process, which discards their unsent bytes.
/// </summary>
internal static class ReportConnections
{
    public static HttpMessageHandler Handler(TimeSpan connectTimeout, LinkState link, ServerTrust trust) => new Naming(link)
    {
        InnerHandler = trust.Guard(new SocketsHttpHandler
        {
            ConnectTimeout = connectTimeout, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1), ConnectCallback = ConnectAsync,
        }),
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

    /// <summary>A report belongs to the control connection during which it is sent: the server takes no task's end in the name of an ended one.</summary>
    private sealed class Naming(LinkState link) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.TryAddWithoutValidation(NodeCapability.ConnectionHeader, link.Connection);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
