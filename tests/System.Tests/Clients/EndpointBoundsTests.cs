using System.Net;
using System.Net.Sockets;
using System.Text;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Hostile and broken input on the socket itself: each piece gets a 4xx, or its connection closed, and nothing else notices.</summary>
public sealed class EndpointBoundsTests(LiveServer server) : IClassFixture<LiveServer>
{
    private const string Json = "application/x-amz-json-1.0";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private async Task StillAnswersAsync()
    {
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(new Uri(server.Endpoint, "/health"))).StatusCode);
        var (status, body) = await CallAsync("AmazonSQS.ListQueues", "{}"u8.ToArray());
        Assert.True(status == 200, body);
    }

    private async Task<(int Status, string Body)> CallAsync(
        string target, byte[] body, string type = Json, AwsCredentials? keys = null, DateTimeOffset? at = null, Action<HttpRequestMessage>? afterSigning = null)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, server.Endpoint) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new(type);
        message.Headers.Add("X-Amz-Target", target);
        SigV4Signer.Sign(message, body, keys ?? server.Keys, LiveServer.Region, "sqs", at ?? TimeProvider.System.GetUtcNow());
        afterSigning?.Invoke(message);
        using var answer = await server.Http.SendAsync(message);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The status line that these bytes get; "closed" when the server ends the connection without one.</summary>
    private async Task<string> RawAsync(ReadOnlyMemory<byte> bytes, bool endAfter = true)
    {
        using var socket = new TcpClient();
        using var deadline = new CancellationTokenSource(Deadline);
        await socket.ConnectAsync(IPAddress.Loopback, server.Endpoint.Port, deadline.Token);
        try
        {
            var stream = socket.GetStream();
            await stream.WriteAsync(bytes, deadline.Token);
            if (endAfter)
            {
                socket.Client.Shutdown(SocketShutdown.Send);
            }
            using var reader = new StreamReader(stream, Encoding.Latin1);
            return await reader.ReadLineAsync(deadline.Token) ?? "closed";
        }
        catch (IOException)
        {
            return "closed";
        }
    }

    private static byte[] Ascii(string text) => Encoding.Latin1.GetBytes(text);

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("{\"QueueName\":{}}")]
    [InlineData("{\"QueueName\":17}")]
    [InlineData("{\"QueueName\":\"a\"} trailing")]
    [InlineData("{\"QueueName\":\"a\",}")]
    [InlineData("{\"QueueName\":\"\\ud800\"}")]
    public async Task Malformed_JSON_is_a_client_error(string body)
    {
        var (status, answer) = await CallAsync("AmazonSQS.CreateQueue", Encoding.UTF8.GetBytes(body));
        Assert.True(status == 400, $"{status}: {answer}");
        Assert.Contains("__type", answer, StringComparison.Ordinal);
        await StillAnswersAsync();
    }

    [Fact]
    public async Task Invalid_UTF8_and_endless_nesting_are_client_errors()
    {
        Assert.Equal(400, (await CallAsync("AmazonSQS.CreateQueue", [.. "{\"QueueName\":\""u8, 0xC3, 0x28, 0xFF, .. "\"}"u8])).Status);
        Assert.Equal(400, (await CallAsync("AmazonSQS.CreateQueue", Ascii("{\"x\":" + new string('[', 200_000)))).Status);
        Assert.Equal(400, (await CallAsync("AmazonSQS.CreateQueue", Ascii(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))))).Status);
        await StillAnswersAsync();
    }

    [Fact]
    public async Task Bodies_beyond_the_bound_of_the_service_are_refused_unread()
    {
        var (status, answer) = await CallAsync("AmazonSQS.SendMessage", new byte[(4 << 20) + 1]);
        Assert.True(status == 413, answer);
        // Announced, never sent: the answer does not wait for it.
        var announced = $"POST / HTTP/1.1\r\nHost: {server.Registry}\r\nContent-Type: {Json}\r\nX-Amz-Target: AmazonSQS.SendMessage\r\nContent-Length: 99999999999\r\n\r\n{{";
        Assert.Contains(" 413 ", await RawAsync(Ascii(announced), endAfter: false), StringComparison.Ordinal);
        // Without a length, in chunks, for ever.
        var chunk = Ascii("10000\r\n" + new string('x', 0x10000) + "\r\n");
        var chunked = Ascii($"POST / HTTP/1.1\r\nHost: {server.Registry}\r\nContent-Type: {Json}\r\nX-Amz-Target: AmazonSQS.SendMessage\r\nTransfer-Encoding: chunked\r\n\r\n");
        var said = await RawAsync(chunked.Concat(Enumerable.Repeat(chunk, 70).SelectMany(c => c)).ToArray(), endAfter: false);
        Assert.True(said == "closed" || said.Contains(" 413 ", StringComparison.Ordinal), said);
        await StillAnswersAsync();
    }

    [Fact]
    public async Task A_body_that_stops_half_way_changes_nothing()
    {
        var head = $"POST / HTTP/1.1\r\nHost: {server.Registry}\r\nContent-Type: {Json}\r\nX-Amz-Target: AmazonSQS.CreateQueue\r\nContent-Length: 100\r\n\r\n{{\"QueueName\":\"half";
        var said = await RawAsync(Ascii(head));
        Assert.True(said == "closed" || said.Contains(" 400 ", StringComparison.Ordinal), said);
        var (_, queues) = await CallAsync("AmazonSQS.ListQueues", "{}"u8.ToArray());
        Assert.DoesNotContain("half", queues, StringComparison.Ordinal);
        await StillAnswersAsync();
    }

    [Theory]
    [InlineData("\0\0\0\0\u0016\u0003\u0001\u0002\0\u0001\0\u0001\r\n\r\n")]
    [InlineData("GET\r\n\r\n")]
    [InlineData("GET / HTTP/9.9\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("POST / HTTP/1.1\r\n\r\n")]
    [InlineData("GET /%00%ff/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")]
    public async Task Garbage_is_a_client_error(string bytes)
    {
        var said = await RawAsync(Ascii(bytes));
        Assert.True(said == "closed" || said.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) || said.StartsWith("HTTP/1.1 505", StringComparison.Ordinal), said);
        await StillAnswersAsync();
    }

    [Fact]
    public async Task HTTP2_without_TLS_is_turned_away()
    {
        var said = await RawAsync(Ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        Assert.DoesNotContain("HTTP/1.1 2", said, StringComparison.Ordinal);
        await StillAnswersAsync();
    }

    [Fact]
    public async Task Header_bombs_are_refused()
    {
        var many = string.Concat(Enumerable.Range(0, 5000).Select(i => $"x-h-{i}: v\r\n"));
        Assert.Contains(" 431 ", await RawAsync(Ascii($"GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), endAfter: false), StringComparison.Ordinal);
        Assert.Contains(" 431 ", await RawAsync(Ascii($"GET / HTTP/1.1\r\nHost: a\r\nx-long: {new string('v', 100_000)}\r\n\r\n"), endAfter: false), StringComparison.Ordinal);
        Assert.Contains(" 414 ", await RawAsync(Ascii($"GET /{new string('p', 100_000)} HTTP/1.1\r\nHost: a\r\n\r\n"), endAfter: false), StringComparison.Ordinal);
        await StillAnswersAsync();
    }

    [Theory]
    [InlineData("AWS4-HMAC-SHA256")]
    [InlineData("AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f/g, SignedHeaders=host, Signature=zz")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/sqs/aws4_request")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("Bearer x")]
    public async Task Odd_authorizations_are_refused(string authorization)
    {
        var (status, answer) = await CallAsync("AmazonSQS.ListQueues", "{}"u8.ToArray(), afterSigning: message =>
        {
            message.Headers.Remove("Authorization");
            message.Headers.TryAddWithoutValidation("Authorization", authorization);
        });
        Assert.True(status is 400 or 403, $"{status}: {answer}");
        await StillAnswersAsync();
    }

    [Fact]
    public async Task Unsigned_expired_and_altered_calls_are_refused()
    {
        var (status, answer) = await CallAsync("AmazonSQS.ListQueues", "{}"u8.ToArray(), afterSigning: message => message.Headers.Remove("Authorization"));
        Assert.True(status is 400 or 403 && answer.Contains("MissingAuthenticationToken", StringComparison.Ordinal), answer);
        foreach (var minutes in (int[])[-16, 16])
        {
            (status, answer) = await CallAsync("AmazonSQS.ListQueues", "{}"u8.ToArray(), at: TimeProvider.System.GetUtcNow().AddMinutes(minutes));
            Assert.True(status is 400 or 403 && answer.Contains("Signature", StringComparison.Ordinal), answer);
        }
        (status, answer) = await CallAsync("AmazonSQS.CreateQueue", "{\"QueueName\":\"a\"}"u8.ToArray(), afterSigning: message =>
        {
            var type = message.Content!.Headers.ContentType;
            message.Content = new ByteArrayContent("{\"QueueName\":\"b\"}"u8.ToArray());
            message.Content.Headers.ContentType = type;
        });
        Assert.True(status is 400 or 403, answer);
        await StillAnswersAsync();
    }

    [Fact]
    public async Task Unknown_operations_and_forms_are_answered_in_the_callers_protocol()
    {
        var (status, answer) = await CallAsync("AmazonSQS.LaunchRocket", "{}"u8.ToArray());
        Assert.True(status == 400 && answer.Contains("UnknownOperationException", StringComparison.Ordinal), answer);
        (status, answer) = await CallAsync("NoSuchService_2020.Do", "{}"u8.ToArray());
        Assert.True(status is 400 or 404, answer);
        using var form = new HttpRequestMessage(HttpMethod.Post, server.Endpoint);
        var body = "Action=LaunchRocket&Version=2011-06-15"u8.ToArray();
        form.Content = new ByteArrayContent(body);
        form.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
        SigV4Signer.Sign(form, body, server.Keys, LiveServer.Region, "sts", TimeProvider.System.GetUtcNow());
        using var refused = await server.Http.SendAsync(form);
        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Contains("<Code>InvalidAction</Code>", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await StillAnswersAsync();
    }

    [Fact]
    public async Task Connections_that_say_nothing_do_not_keep_others_out()
    {
        var idle = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 500; i++)
            {
                var client = new TcpClient();
                idle.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, server.Endpoint.Port);
                await client.GetStream().WriteAsync(Ascii("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{"));
            }
            await StillAnswersAsync();
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }
}
