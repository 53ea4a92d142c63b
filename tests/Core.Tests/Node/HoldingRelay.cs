using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>
/// A TCP relay whose way to the server can be cut like a cable. What a caller has sent into the cut and not got through is still its own
/// system's to send, which goes on after the caller has closed the connection, and ends only when the caller resets it. So that is what
/// happens here at the heal: held bytes of open and closed connections are delivered, those of reset ones are not.
/// </summary>
internal sealed class HoldingRelay : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _server;
    private readonly Lock _lock = new();
    private readonly List<Socket> _held = [];
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private TaskCompletionSource _healed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HoldingRelay(Uri server)
    {
        _server = server;
        _healed.SetResult();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Endpoint => new($"http://{_listener.LocalEndpoint}");

    public void Cut() => _healed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Returns when a request with this text has been sent into the cut.</summary>
    public async Task HoldsAsync(string text)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var buffer = new byte[64 * 1024];
        while (true)
        {
            lock (_lock)
            {
                if (_held.Any(s => s.Available > 0
                    && Encoding.UTF8.GetString(buffer, 0, s.Receive(buffer, SocketFlags.Peek)).Contains(text, StringComparison.Ordinal)))
                {
                    return;
                }
            }
            await Task.Delay(5, deadline.Token);
        }
    }

    /// <summary>Returns when everything that a healed cable still delivers has been delivered and answered.</summary>
    public async Task HealAsync()
    {
        foreach (var caller in TakeHeld())
        {
            var (bytes, isReset) = ReadHeld(caller);
            if (isReset || bytes.Length == 0)
            {
                continue;
            }
            using var server = await ConnectAsync();
            await server.SendAsync(bytes);
            var answer = new byte[64 * 1024];
            Assert.NotEqual(0, await server.ReceiveAsync(answer).WaitAsync(Deadline));
        }
        _healed.SetResult();
    }

    private Socket[] TakeHeld()
    {
        lock (_lock)
        {
            Socket[] held = [.. _held];
            _held.Clear();
            return held;
        }
    }

    private static (byte[] Bytes, bool IsReset) ReadHeld(Socket caller)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        caller.Blocking = false;
        try
        {
            while (caller.Receive(buffer) is > 0 and var read)
            {
                bytes.Write(buffer, 0, read);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock)
        {
        }
        // An end may come before the reset, and hides it from readers.
        return (bytes.ToArray(), (int)caller.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != 0);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var caller = await _listener.AcceptSocketAsync(_stop.Token);
                lock (_lock)
                {
                    _connections.Add(PumpAsync(caller));
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task PumpAsync(Socket caller)
    {
        using var _ = caller;
        using var server = await ConnectAsync();
        try
        {
            await await Task.WhenAny(ForwardAsync(caller, server), BackAsync(server, caller));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    /// <summary>A connection that was held once stays out of use: its bytes are counted by <see cref="HealAsync"/>.</summary>
    private async Task ForwardAsync(Socket caller, Socket server)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            // Nothing is taken from the connection before it is known whether the cable is whole.
            await caller.ReceiveAsync(Memory<byte>.Empty, _stop.Token);
            if (!_healed.Task.IsCompleted)
            {
                lock (_lock)
                {
                    _held.Add(caller);
                }
                await Task.Delay(Timeout.Infinite, _stop.Token);
            }
            var read = await caller.ReceiveAsync(buffer, _stop.Token);
            if (read == 0)
            {
                return;
            }
            await server.SendAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }

    private async Task BackAsync(Socket server, Socket caller)
    {
        var buffer = new byte[64 * 1024];
        while (await server.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
        {
            await caller.SendAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await server.ConnectAsync(_server.Host, _server.Port, _stop.Token);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }
}
