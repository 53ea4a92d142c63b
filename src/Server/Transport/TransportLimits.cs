namespace Longspan.Server.Transport;

/// <summary>
/// How long a client may take, and how little it may send. Every one of them ends a connection that costs the server something while its other side
/// does nothing. Websockets and long polls are idle by design: none of these bounds counts while a call is being served.
/// </summary>
public sealed record TransportLimits
{
    public int Connections { get; init; } = 20_000;
    /// <summary>From the connection to the end of the TLS handshake.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>TLS handshakes under way at once. The oldest makes room for the newest: honest ones take milliseconds.</summary>
    public int Handshakes { get; init; } = 512;
    /// <summary>From the first byte of a request to the end of its headers.</summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromSeconds(20);
    /// <summary>Without a request on it, a connection ends. Longer than clients keep theirs, so that it is them who close.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(130);
    /// <summary>Of a body that is sent, and of an answer that is taken, on average since its first byte.</summary>
    public int BytesPerSecond { get; init; } = 512;
    /// <summary>The rate counts from here on: a weak line may stall for a moment.</summary>
    public TimeSpan RateGrace { get; init; } = TimeSpan.FromSeconds(10);
    public int HeaderBytes { get; init; } = 64 * 1024;
    public int HeaderCount { get; init; } = 200;
    /// <summary>Calls at once on one HTTP/2 connection.</summary>
    public int Streams { get; init; } = 100;
    /// <summary>An HTTP/2 connection that is silent for this long is asked whether it still lives, and has as long again to answer.</summary>
    public TimeSpan Ping { get; init; } = TimeSpan.FromSeconds(30);
}
