using System.Buffers;
using System.Net.WebSockets;
using Longspan.AgentLink;

namespace Longspan.Services.Ecs.Link;

/// <summary>A websocket as both links use it: whole text messages in, whole text messages out, one writer at a time, bounded.</summary>
internal sealed class LinkSocket(WebSocket socket, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ArrayBufferWriter<byte> _message = new(4096);

    public async ValueTask SendAsync(AgentMessage message, CancellationToken stop)
    {
        var bytes = AgentFrame.Encode(message);
        await _writing.WaitAsync(stop);
        try
        {
            // A cancelled send aborts the socket, and then no goodbye gets through: what has begun is finished, within its limit.
            using var limit = new CancellationTokenSource(SendLimit, clock);
            await socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The next whole message, or null when the peer has closed. The memory is good until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken stop)
    {
        _message.ResetWrittenCount();
        while (true)
        {
            var part = await socket.ReceiveAsync(_message.GetMemory(4096), stop);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }
            _message.Advance(part.Count);
            if (_message.WrittenCount > AgentMessage.MaxFrameBytes)
            {
                throw new WebSocketException("A message exceeds the frame limit.");
            }
            if (part.EndOfMessage)
            {
                return _message.WrittenMemory;
            }
        }
    }

    /// <summary>Says goodbye. An agent that has sent its own close waits for ours before it reconnects, so this is prompt and never throws.</summary>
    public async ValueTask CloseAsync(WebSocketCloseStatus status, string reason)
    {
        using var limit = new CancellationTokenSource(CloseLimit, clock);
        try
        {
            await _writing.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                // A close frame carries at most 123 bytes of reason.
                await socket.CloseOutputAsync(status, reason.Length > 120 ? reason[..120] : reason, limit.Token);
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection is gone already: nobody is left to tell.
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();
}
