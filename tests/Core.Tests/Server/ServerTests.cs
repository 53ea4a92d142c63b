using System.Net;
using System.Net.Sockets;
using System.Text;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Server;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.Core.Tests.Server;

/// <summary>The whole server in this process: who gets in, and what a start that fails leaves behind.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-server-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Only_a_right_signature_gets_in()
    {
        await using var server = await StartAsync();
        using var http = new HttpClient();
        var keys = await ReadKeysAsync(server);

        Assert.Equal("123456789012", (await WhoAmIAsync(http, server, keys)).Account);
        foreach (var wrong in new[] { keys with { SecretAccessKey = keys.SecretAccessKey[..^1] + "?" }, keys with { AccessKeyId = "AKIAAAAAAAAAAAAAAAAA" }, null })
        {
            Assert.Equal(403, (await Assert.ThrowsAnyAsync<AwsError>(() => WhoAmIAsync(http, server, wrong))).HttpStatus);
        }
        // A region is one part of names and addresses; the signature is right here.
        Assert.Equal("SignatureDoesNotMatch", (await Assert.ThrowsAnyAsync<AwsError>(() => WhoAmIAsync(http, server, keys, "eu:west"))).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await http.PostAsync(new Uri(server.Endpoint, "/_longspan/reset"), null)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri(server.Endpoint, "/v2/"))).StatusCode);
        Assert.Equal("""{"status":"ok"}""", await http.GetStringAsync(new Uri(server.Endpoint, "/health")));
    }

    [Fact]
    public async Task The_last_use_of_a_key_outlasts_the_server_and_a_wrong_signature_is_none()
    {
        AwsCredentials own, other;
        using var http = new HttpClient();
        await using (var server = await StartAsync())
        {
            own = await ReadKeysAsync(server);
            var made = (await Client(server, own).CallAsync(IamOperations.CreateAccessKey, new() { UserName = "admin" }, default)).AccessKey!;
            other = new AwsCredentials(made.AccessKeyId!, made.SecretAccessKey!);
            await WhoAmIAsync(http, server, other, "eu-west-1");
            await Assert.ThrowsAnyAsync<AwsError>(() => WhoAmIAsync(http, server, other with { SecretAccessKey = "wrong" }, "eu-west-2"));
        }
        await using var again = await StartAsync();
        var used = (await Client(again, own).CallAsync(IamOperations.GetAccessKeyLastUsed, new() { AccessKeyId = other.AccessKeyId }, default)).AccessKeyLastUsed!;
        Assert.Equal(("sts", "eu-west-1"), (used.ServiceName, used.Region));
        Assert.NotNull(used.LastUsedDate);

        AwsClient Client(LongspanServer server, AwsCredentials keys) =>
            new(http, server.Endpoint, "us-east-1", _ => ValueTask.FromResult(keys), TimeProvider.System);
    }

    [Fact]
    public async Task An_identity_that_calls_too_often_is_throttled_and_others_are_not()
    {
        await using var server = await LongspanServer.StartAsync(
            new ServerSettings { DataFolder = Path.Combine(_folder.FullName, "data"), Port = 0, AcceptAnyCredentials = true, RateLimit = 1 }, default);
        using var http = new HttpClient();
        var (busy, quiet) = (new AwsCredentials("AKIABUSYBUSYBUSYBUSY", "x"), await ReadKeysAsync(server));
        AwsError? refused = null;
        for (var calls = 0; refused is null && calls < 1000; calls++)
        {
            refused = await Record.ExceptionAsync(() => WhoAmIAsync(http, server, busy)) as AwsError;
        }
        Assert.Equal("Throttling", refused?.Code);
        Assert.Equal("123456789012", (await WhoAmIAsync(http, server, quiet)).Account);
    }

    [Theory]
    [InlineData("/ecs/acs/ws?clusterArn=default&containerInstanceArn=x")]
    [InlineData("/ecs/tcs/ws?cluster=default&containerInstance=x")]
    public async Task The_agents_sockets_open_to_signed_handshakes_only(string path)
    {
        await using var server = await StartAsync();
        using var http = new HttpClient();
        using var handshake = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Endpoint, path));
        handshake.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        handshake.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        handshake.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        handshake.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        using var answer = await http.SendAsync(handshake);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("MissingAuthenticationToken", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", null, HttpStatusCode.NoContent)]
    [InlineData("[::1]:4566", null, HttpStatusCode.NoContent)]
    [InlineData("127.0.0.1", "http://localhost:3000", HttpStatusCode.NoContent)]
    [InlineData("127.0.0.1", "https://stranger.example", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "null", HttpStatusCode.Forbidden)]
    [InlineData("stranger.example", null, HttpStatusCode.Forbidden)]
    [InlineData("localhost.stranger.example", null, HttpStatusCode.Forbidden)]
    public async Task Pages_of_strangers_cannot_use_a_server_that_takes_any_credentials(string host, string? origin, HttpStatusCode expected)
    {
        await using var server = await StartAsync(any: true);
        using var http = new HttpClient();
        using var reset = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Endpoint, "/_longspan/reset"));
        reset.Headers.Host = host;
        if (origin is not null)
        {
            reset.Headers.TryAddWithoutValidation("Origin", origin);
        }
        using var answer = await http.SendAsync(reset);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_start_that_finds_its_port_taken_leaves_nothing_open()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var taken = ((IPEndPoint)holder.LocalEndpoint).Port;

        await Assert.ThrowsAnyAsync<IOException>(() => StartAsync(taken));
        if (OperatingSystem.IsLinux())
        {
            Assert.Empty(OpenFiles());
        }
        // And the folder is free at once.
        await using var second = await StartAsync();
    }

    [Fact]
    public async Task A_closed_server_leaves_nothing_open_even_with_a_long_poll_in_flight()
    {
        var server = await StartAsync();
        using var http = new HttpClient();
        var keys = await ReadKeysAsync(server);
        var client = new AwsClient(http, server.Endpoint, "us-east-1", _ => ValueTask.FromResult(keys), TimeProvider.System);
        var queue = await client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "q" }, default);
        var poll = client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = queue.QueueUrl, WaitTimeSeconds = 20 }, default);
        await server.DisposeAsync();
        await Record.ExceptionAsync(() => poll);
        if (OperatingSystem.IsLinux())
        {
            Assert.Empty(OpenFiles());
        }
    }

    [Fact]
    public async Task A_request_of_HTTP_1_0_without_a_host_is_answered()
    {
        await using var server = await StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Endpoint.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Contains(" 403 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    private Task<LongspanServer> StartAsync(int port = 0, bool any = false) =>
        LongspanServer.StartAsync(new ServerSettings { DataFolder = Path.Combine(_folder.FullName, "data"), Port = port, AcceptAnyCredentials = any }, default);

    private static Task<GetCallerIdentityResponse> WhoAmIAsync(HttpClient http, LongspanServer server, AwsCredentials? keys, string region = "us-east-1") =>
        new AwsClient(http, server.Endpoint, region, keys is null ? null : _ => ValueTask.FromResult(keys), TimeProvider.System)
            .CallAsync(StsOperations.GetCallerIdentity, new(), default);

    private static async Task<AwsCredentials> ReadKeysAsync(LongspanServer server)
    {
        var lines = (await File.ReadAllLinesAsync(server.CredentialsFile)).Where(line => line.Contains('=', StringComparison.Ordinal))
            .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries)).ToDictionary(side => side[0], side => side[1]);
        return new AwsCredentials(lines["aws_access_key_id"], lines["aws_secret_access_key"]);
    }

    private string[] OpenFiles() =>
        [.. Directory.GetFileSystemEntries("/proc/self/fd").Select(TargetOf).OfType<string>().Where(path => path.StartsWith(_folder.FullName, StringComparison.Ordinal))];

    private static string? TargetOf(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            // Closed between the list and the look.
            return null;
        }
    }
}
