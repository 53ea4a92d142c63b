using System.Buffers;
using System.Net.WebSockets;
using Longspan.AgentLink;

namespace Longspan.Services.Ecs.Link;

/// <summary>A websocket as both links use it: whole text messages in, whole text messages out, one writer at a time, bounded.</summary>
internal sealed class LinkSocket(WebSocket socket, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);
    /// <summary>Messages that cannot be read; a peer that sends more of them in one session has lost its way.</summary>
    public const int MaximumUnreadable = 100;
    /// <summary>A buffer that a large message has left behind is given back: links live for months, and there are thousands.</summary>
    private const int KeptBufferBytes = 64 * 1024;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private ArrayBufferWriter<byte> _message = new(4096);
    private int _unreadable;

    /// <summary>When the last message was written, by the clock's timestamp.</summary>
    public long LastSent { get; private set; } = clock.GetTimestamp();

    public ValueTask SendAsync(AgentMessage message, CancellationToken stop) => SendAsync(AgentFrame.Encode(message), stop);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken stop)
    {
        await _writing.WaitAsync(stop);
        try
        {
            // A cancelled send aborts the socket, and then no goodbye gets through: what has begun is finished, within its limit. Nearly all
            // are finished at once, and a limit for each would be a timer for each.
            var sending = socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            if (sending.IsCompleted)
            {
                await sending;
            }
            else
            {
                await FinishAsync(sending.AsTask());
            }
            LastSent = clock.GetTimestamp();
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task FinishAsync(Task sending)
    {
        try
        {
            await sending.WaitAsync(SendLimit, clock);
        }
        catch (TimeoutException)
        {
            socket.Abort();
            throw new WebSocketException("The agent does not read what it is sent.");
        }
    }

    /// <summary>The next whole message, or null when the peer has closed. The memory is good until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken stop)
    {
        if (_message.Capacity > KeptBufferBytes)
        {
            _message = new ArrayBufferWriter<byte>(4096);
        }
        _message.ResetWrittenCount();
        while (true)
        {
            var part = await socket.ReceiveAsync(_message.GetMemory(4096), stop);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }
            if (part.MessageType != WebSocketMessageType.Text)
            {
                throw new LinkViolationException(WebSocketCloseStatus.InvalidMessageType, "Text messages are expected here.");
            }
            _message.Advance(part.Count);
            if (_message.WrittenCount > AgentMessage.MaxFrameBytes)
            {
                throw new LinkViolationException(WebSocketCloseStatus.MessageTooBig, "A message exceeds the frame limit.");
            }
            if (part.EndOfMessage)
            {
                return _message.WrittenMemory;
            }
        }
    }

    /// <summary>Counts a message that cannot be read. True for the first few, which are worth a line in the log.</summary>
    public bool CountUnreadable()
    {
        const int logged = 5;
        return ++_unreadable <= MaximumUnreadable
            ? _unreadable <= logged
            : throw new LinkViolationException(WebSocketCloseStatus.InvalidPayloadData, "Too many messages cannot be read.");
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

/// <summary>
/// What a peer has done that ends its session, with the close code that says so. None of these codes makes an agent come back at once
/// (1000, 1001 and 1011 do), so a peer that does it again and again slows itself down.
/// </summary>
internal sealed class LinkViolationException(WebSocketCloseStatus status, string message) : Exception(message)
{
    public WebSocketCloseStatus Status { get; } = status;
}
