using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Longspan.Server.Transport;

/// <summary>The server's sockets: plain HTTP/1.1 on loopback, HTTP/1.1 and HTTP/2 over TLS on every other address of the same port.</summary>
internal static class Listeners
{
    public static void Add(KestrelServerOptions kestrel, ServerSettings settings, IEnumerable<int> ports, ServerCertificates? certificates)
    {
        var handshakes = new Handshakes(settings.Limits.Handshakes);
        foreach (var port in ports)
        {
            foreach (var address in settings.Bind)
            {
                kestrel.Listen(new IPEndPoint(address, port), listen =>
                {
                    if (settings.IsEncrypted(address))
                    {
                        Encrypt(listen, certificates!, handshakes, settings.Limits.Handshake);
                    }
                    else
                    {
                        listen.Protocols = HttpProtocols.Http1;
                    }
                });
            }
        }
    }

    public static void Bound(KestrelServerLimits limits, TransportLimits bounds)
    {
        limits.MaxConcurrentConnections = bounds.Connections;
        limits.MaxConcurrentUpgradedConnections = bounds.Connections;
        limits.MaxRequestHeadersTotalSize = bounds.HeaderBytes;
        limits.MaxRequestHeaderCount = bounds.HeaderCount;
        limits.MaxRequestLineSize = bounds.HeaderBytes;
        limits.RequestHeadersTimeout = bounds.Headers;
        limits.KeepAliveTimeout = bounds.Idle;
        limits.MinRequestBodyDataRate = new MinDataRate(bounds.BytesPerSecond, bounds.RateGrace);
        limits.MinResponseDataRate = new MinDataRate(bounds.BytesPerSecond, bounds.RateGrace);
        // Bodies are bounded per service while they are read; see BodyReader and the registry's uploads.
        limits.MaxRequestBodySize = null;
        limits.Http2.MaxStreamsPerConnection = bounds.Streams;
        limits.Http2.KeepAlivePingDelay = bounds.Ping;
        limits.Http2.KeepAlivePingTimeout = bounds.Ping;
    }

    private static void Encrypt(ListenOptions listen, ServerCertificates certificates, Handshakes handshakes, TimeSpan limit)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(handshakes.BeginAsync);
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = limit,
            OnConnection = _ => ValueTask.FromResult(TlsPolicy.For(certificates.Current)),
        });
        listen.Use(handshakes.EndAsync);
    }
}
