using System.Buffers;
using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Wire.Signing;

namespace Longspan.Fleet;

/// <summary>A signed websocket of a simulated node. Its buffer is borrowed while a message is read, so that ten thousand of them fit into one process.</summary>
internal sealed class LeanSocket : IDisposable
{
    private static readonly TimeSpan DialLimit = TimeSpan.FromSeconds(30);
    // As the real node pings.
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _turn = new(1);

    private LeanSocket(Uri address) => Address = address;

    public Uri Address { get; }

    public static async Task<LeanSocket> DialAsync(FleetWorld world, string endpoint, IEnumerable<(string Name, string Value)> query, CancellationToken stop)
    {
        var text = string.Join('&', query.OrderBy(q => q.Name, StringComparer.Ordinal).Select(q => $"{Uri.EscapeDataString(q.Name)}={Uri.EscapeDataString(q.Value)}"));
        var address = new Uri($"{endpoint.TrimEnd('/')}/ws?{text}");
        var made = new LeanSocket(address);
        made._socket.Options.KeepAliveInterval = PingInterval;
        foreach (var (name, value) in SigV4Signer.SignHeaders("GET", address, [], [], world.Keys, FleetWorld.Region, "ecs", TimeProvider.System.GetUtcNow()))
        {
            made._socket.Options.SetRequestHeader(name, value);
        }
        await world.Dialing.WaitAsync(stop);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(DialLimit);
            await made._socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws" }.Uri, world.Dialer, limit.Token);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
        finally
        {
            world.Dialing.Release();
        }
    }

    /// <summary>The next message, or null when the peer has closed.</summary>
    public async ValueTask<DecodedFrame?> ReceiveAsync(CancellationToken stop)
    {
        // An empty read waits without a buffer.
        await _socket.ReceiveAsync(Memory<byte>.Empty, stop);
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            for (var length = 0; ;)
            {
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
                var read = await _socket.ReceiveAsync(buffer.AsMemory(length), stop);
                if (read.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }
                length += read.Count;
                if (read.EndOfMessage)
                {
                    return AgentFrame.Decode(buffer.AsSpan(0, length));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            await _socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, stop);
        }
        finally
        {
            _turn.Release();
        }
    }

    public ValueTask SendAsync(AgentMessage message, CancellationToken stop) => SendAsync(AgentFrame.Encode(message), stop);

    /// <summary>Nothing is said to the peer.</summary>
    public void Abort() => _socket.Abort();

    public void Dispose()
    {
        _socket.Dispose();
        _turn.Dispose();
    }
}
