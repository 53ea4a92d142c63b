using System.Globalization;
using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Node.Control;

/// <summary>A signed websocket to the server. One reader; any number of writers take turns.</summary>
internal sealed class Socket : IAsyncDisposable
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);
    /// <summary>Protocol pings notice a cut link between the server's own heartbeats.</summary>
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);
    private const int ChunkBytes = 16 * 1024;

    private readonly ClientWebSocket _socket;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly TimeProvider _time;
    private readonly byte[] _chunk = new byte[ChunkBytes];

    private Socket(ClientWebSocket socket, Uri address, TimeProvider time)
    {
        _socket = socket;
        Address = address;
        _time = time;
    }

    /// <summary>The address in its HTTP form, as it was signed.</summary>
    public Uri Address { get; }

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public string CloseReason => _socket.CloseStatusDescription ?? "";

    /// <param name="endpoint">Base URL as discovered; http and https become ws and wss.</param>
    /// <exception cref="SocketRefusedException">The server answered, but not with an upgrade.</exception>
    public static async Task<Socket> DialAsync(
        string endpoint, IEnumerable<KeyValuePair<string, string>> query, ServerTrust trust, AwsCredentials keys, string region, TimeProvider time,
        CancellationToken stop)
    {
        var text = string.Join('&', query.OrderBy(q => q.Key, StringComparer.Ordinal)
            .Select(q => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(q.Value)}"));
        var address = new Uri($"{endpoint.TrimEnd('/')}/ws?{text}");
        var dialled = new UriBuilder(address) { Scheme = address.Scheme is "https" or "wss" ? "wss" : "ws" }.Uri;
        await trust.ReadyAsync(dialled, stop);
        var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = trust.Check;
        socket.Options.KeepAliveInterval = PingInterval;
        socket.Options.KeepAliveTimeout = PingTimeout;
        socket.Options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in SigV4Signer.SignHeaders("GET", address, [], [], keys, region, "ecs", time.GetUtcNow()))
        {
            socket.Options.SetRequestHeader(name, value);
        }
        using var timeout = new CancellationTokenSource(DialTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            await socket.ConnectAsync(dialled, both.Token);
            return new Socket(socket, address, time);
        }
        catch (Exception e)
        {
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            if (ServerTrust.RefusalIn(e) is { } refusal)
            {
                throw new HttpRequestException(HttpRequestError.SecureConnectionError, refusal.Message, e);
            }
            if (e is OperationCanceledException && !stop.IsCancellationRequested)
            {
                throw new HttpRequestException($"no answer within {DialTimeout.TotalSeconds:0} s", e);
            }
            if (e is WebSocketException && status >= 400)
            {
                throw new SocketRefusedException(status, $"the server answered {status.ToString(CultureInfo.InvariantCulture)} to the websocket", e);
            }
            throw;
        }
    }

    /// <summary>The next frame, or null when the peer closed or <paramref name="patience"/> ran out.</summary>
    public async Task<DecodedFrame?> ReceiveAsync(TimeSpan patience, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        using var frame = new MemoryStream();
        try
        {
            while (true)
            {
                var read = await _socket.ReceiveAsync(_chunk.AsMemory(), both.Token);
                if (read.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }
                frame.Write(_chunk, 0, read.Count);
                if (frame.Length > AgentMessage.MaxFrameBytes)
                {
                    return null;
                }
                if (read.EndOfMessage)
                {
                    return AgentFrame.Decode(frame.GetBuffer().AsSpan(0, (int)frame.Length));
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    public Task SendAsync(AgentMessage message, CancellationToken stop) => SendAsync(AgentFrame.Encode(message), stop);

    public async Task SendAsync(ReadOnlyMemory<byte> frame, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(SendTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        await _turn.WaitAsync(both.Token);
        try
        {
            await _socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, both.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", timeout.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
        }
        _socket.Dispose();
        _turn.Dispose();
    }
}

internal sealed class SocketRefusedException(int status, string message, Exception inner) : Exception(message, inner)
{
    public int Status { get; } = status;
}
