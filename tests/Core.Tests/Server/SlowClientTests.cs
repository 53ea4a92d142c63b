using System.Net.Sockets;
using System.Text;
using Longspan.Api.Sqs;
using Longspan.Server.Transport;
using Xunit;

namespace Longspan.Core.Tests.Server;

/// <summary>Clients that begin and never finish are cut off; those that wait by design are not.</summary>
public sealed class SlowClientTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-slow-");
    private TlsSite _site = null!;

    public async Task InitializeAsync() => _site = await TlsSite.StartAsync(_folder, settings => settings with
    {
        Limits = new TransportLimits
        {
            Handshake = TimeSpan.FromSeconds(2), Handshakes = 4, Headers = TimeSpan.FromSeconds(2), Idle = TimeSpan.FromSeconds(2),
            BytesPerSecond = 1000, RateGrace = TimeSpan.FromSeconds(2), Ping = TimeSpan.FromSeconds(2),
        },
    });

    public async Task DisposeAsync()
    {
        await _site.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_handshake_that_is_never_finished_is_cut_off()
    {
        var client = await _site.ConnectAsync();
        // The head of a handshake record, and no more.
        await client.GetStream().WriteAsync(new byte[] { 22, 3, 1, 2, 0 });
        Assert.Equal("", await RestAsync(client.GetStream()));
    }

    [Fact]
    public async Task Strangers_who_hold_handshakes_open_keep_nobody_out()
    {
        var held = new List<TcpClient>();
        for (var i = 0; i < 20; i++)
        {
            held.Add(await _site.ConnectAsync());
        }
        Assert.Equal("""{"status":"ok"}""", await _site.Http().GetStringAsync(new Uri(_site.Endpoint, "/health")));
        foreach (var client in held)
        {
            Assert.Equal("", await RestAsync(client.GetStream()));
        }
    }

    [Fact]
    public async Task Headers_that_trickle_are_cut_off()
    {
        var stream = await _site.ShakeHandsAsync();
        await stream.WriteAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n"u8.ToArray());
        Assert.DoesNotContain(" 200 ", await TrickleAsync(stream, "x"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 100000\r\n", "x")]
    [InlineData("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n")]
    public async Task A_body_that_trickles_is_cut_off(string header, string drop)
    {
        var stream = await _site.ShakeHandsAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: localhost\r\n{header}\r\n"));
        Assert.Contains(" 408 ", await TrickleAsync(stream, drop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_without_a_request_ends()
    {
        Assert.Equal("", await RestAsync(await _site.ShakeHandsAsync()));
    }

    [Fact]
    public async Task A_long_poll_outlives_all_of_these_bounds()
    {
        var queue = await _site.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "q" }, default);
        Assert.StartsWith("https://", queue.QueueUrl, StringComparison.Ordinal);
        foreach (var version in (Version[])[new(1, 1), new(2, 0)])
        {
            var client = _site.ClientOver(version);
            var poll = client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = queue.QueueUrl, WaitTimeSeconds = 7 }, default);
            Assert.Empty((await poll.WaitAsync(Deadline)).Messages ?? []);
        }
    }

    /// <summary>Sends drops until the server has said its last word, which is returned.</summary>
    private static async Task<string> TrickleAsync(Stream stream, string drop)
    {
        using var late = new CancellationTokenSource(Deadline);
        var rest = RestAsync(stream);
        while (!rest.IsCompleted)
        {
            Assert.False(late.IsCancellationRequested, "the server goes on waiting");
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(drop), late.Token);
            }
            catch (IOException)
            {
                // It has hung up; what it said before is still to be read.
            }
            await Task.WhenAny(rest, Task.Delay(100, late.Token));
        }
        return await rest;
    }

    /// <summary>What the server says until it hangs up.</summary>
    private static async Task<string> RestAsync(Stream stream)
    {
        using var late = new CancellationTokenSource(Deadline);
        var said = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, late.Token)) > 0)
            {
                said.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Reset instead of closed: as good an end.
        }
        return said.ToString();
    }
}
