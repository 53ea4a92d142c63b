using System.Net;
using System.Net.Sockets;

namespace Longspan.System.Tests.Clients;

/// <summary>A wire to the server that breaks for good once so many bytes have gone up it.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _cut = new();
    private readonly int _target;
    private readonly Task _run;
    private long _left;

    public CutProxy(int target, long bytes)
    {
        (_target, _left) = (target, bytes);
        _listener.Start();
        _run = RunAsync();
    }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
    public bool IsCut => _cut.IsCancellationRequested;

    private async Task RunAsync()
    {
        var links = new List<Task>();
        try
        {
            while (true)
            {
                links.Add(LinkAsync(await _listener.AcceptTcpClientAsync(_cut.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            _listener.Stop();
        }
        await Task.WhenAll(links);
    }

    private async Task LinkAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _cut.Token);
                await Task.WhenAny(CopyAsync(client.GetStream(), server.GetStream(), counted: true), CopyAsync(server.GetStream(), client.GetStream(), counted: false));
            }
            catch (OperationCanceledException)
            {
                // Cut before it was made.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool counted)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _cut.Token) is > 0 and var read)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), _cut.Token);
                if (counted && Interlocked.Add(ref _left, -read) < 0)
                {
                    await _cut.CancelAsync();
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The link went, here or on the other side.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cut.CancelAsync();
        await _run;
        _listener.Dispose();
        _cut.Dispose();
    }
}
