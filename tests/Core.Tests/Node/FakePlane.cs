using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Longspan.AgentLink;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Longspan.Core.Tests.Node;

/// <summary>
/// The server side of the agent protocol, scripted by a test: API calls are answered by functions, the control socket is in the test's
/// hands. It checks no signatures; the wire has its own tests.
/// </summary>
internal sealed class FakePlane : IAsyncDisposable
{
    public const string InstanceArn = "arn:aws:ecs:us-east-1:123456789012:container-instance/default/0123";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly WebApplication _app;
    private readonly Channel<FakeSocket> _sockets = Channel.CreateUnbounded<FakeSocket>();
    private readonly Channel<FakeSocket> _telemetry = Channel.CreateUnbounded<FakeSocket>();

    private FakePlane(WebApplication app) => _app = app;

    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Answers by operation name: status and body.</summary>
    public ConcurrentDictionary<string, Func<JsonObject, (int Status, string Body)>> Answers { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<(string Operation, JsonObject Body, HttpRequestHeaders Headers)> Calls { get; } = new();

    /// <summary>Objects of S3 by path, and who asked for them.</summary>
    public ConcurrentDictionary<string, string> Objects { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<(string Path, string Authorization)> ObjectReads { get; } = new();

    /// <summary>True: API calls fail with 500 and control dials with 503, as behind a dead server.</summary>
    public bool IsDown { get; set; }

    /// <summary>For an answer function: the batch name of the request that it answers.</summary>
    public static string CurrentLogBatch => s_logBatch.Value ?? "";

    /// <summary>For an answer function: the Authorization header of the request that it answers.</summary>
    public string SignedBy { get; private set; } = "";

    private static readonly AsyncLocal<string> s_logBatch = new();

    internal sealed record HttpRequestHeaders(string Authorization, string LogBatch, string Connection);

    public static async Task<FakePlane> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port, l => l.Protocols = HttpProtocols.Http1));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        var app = builder.Build();
        var plane = new FakePlane(app);
        app.UseWebSockets();
        app.Run(plane.HandleAsync);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        plane.Endpoint = new Uri(address);
        plane.Answers["RegisterContainerInstance"] = body => (200, new JsonObject
        {
            ["containerInstance"] = new JsonObject { ["containerInstanceArn"] = InstanceArn, ["attributes"] = body["attributes"]?.DeepClone() },
        }.ToJsonString());
        plane.Answers["DiscoverPollEndpoint"] = _ => (200, $$"""{"endpoint":"{{address}}/acs/","telemetryEndpoint":"{{address}}/tcs/"}""");
        plane.Answers["SubmitTaskStateChange"] = _ => (200, """{"acknowledgment":"ok"}""");
        plane.Answers["UpdateInstanceInformation"] = _ => (200, "{}");
        return plane;
    }

    public Task<FakeSocket> ConnectedAsync() => _sockets.Reader.ReadAsync().AsTask().WaitAsync(Deadline);

    public Task<FakeSocket> TelemetryAsync() => _telemetry.Reader.ReadAsync().AsTask().WaitAsync(Deadline);

    public async Task<JsonObject> CalledAsync(string operation, Func<JsonObject, bool>? which = null)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!deadline.IsCancellationRequested)
        {
            if (Calls.FirstOrDefault(c => c.Operation == operation && (which is null || which(c.Body))).Body is { } found)
            {
                return found;
            }
            await Task.Delay(5, CancellationToken.None);
        }
        throw new TimeoutException($"{operation} was not called; seen: {string.Join(", ", Calls.Select(c => c.Operation + (c.Operation == operation ? " " + c.Body.ToJsonString() : "")))}");
    }

    public IEnumerable<JsonObject> Of(string operation) => Calls.Where(c => c.Operation == operation).Select(c => c.Body);

    private async Task HandleAsync(HttpContext http)
    {
        if (http.WebSockets.IsWebSocketRequest)
        {
            if (IsDown)
            {
                http.Response.StatusCode = 503;
                return;
            }
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var fake = new FakeSocket(socket, http.Request.Query.ToDictionary(q => q.Key, q => q.Value.ToString()));
            await (http.Request.Path.StartsWithSegments("/acs") ? _sockets : _telemetry).Writer.WriteAsync(fake);
            await fake.PumpAsync();
            return;
        }
        if (http.Request.Method == "GET")
        {
            await ReadObjectAsync(http);
            return;
        }
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var body = JsonNode.Parse(await reader.ReadToEndAsync()) as JsonObject ?? [];
        var operation = http.Request.Headers["X-Amz-Target"].ToString().Split('.')[^1];
        SignedBy = http.Request.Headers.Authorization.ToString();
        s_logBatch.Value = http.Request.Headers["x-longspan-log-batch"].ToString();
        var isDown = IsDown;
        var (status, text) = isDown ? (500, """{"__type":"ServerException","message":"down"}""")
            : Answers.TryGetValue(operation, out var answer) ? answer(body) : (400, """{"__type":"UnknownOperationException"}""");
        if (!isDown)
        {
            Calls.Enqueue((operation, body, new HttpRequestHeaders(
                http.Request.Headers.Authorization.ToString(), http.Request.Headers["x-longspan-log-batch"].ToString(),
                http.Request.Headers[NodeCapability.ConnectionHeader].ToString())));
        }
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/x-amz-json-1.1";
        await http.Response.WriteAsync(text);
    }

    private async Task ReadObjectAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        ObjectReads.Enqueue((path, http.Request.Headers.Authorization.ToString()));
        if (Objects.TryGetValue(path, out var text))
        {
            await http.Response.WriteAsync(text);
            return;
        }
        http.Response.StatusCode = 404;
        await http.Response.WriteAsync("<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>");
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

/// <summary>One control connection of a node.</summary>
internal sealed class FakeSocket(WebSocket socket, Dictionary<string, string> query)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly Channel<AgentMessage> _received = Channel.CreateUnbounded<AgentMessage>();

    public Dictionary<string, string> Query => query;

    /// <summary>Headers of the last frame; empty on the control socket.</summary>
    public IReadOnlyDictionary<string, string> FrameHeaders { get; private set; } = new Dictionary<string, string>();

    public Task Closed { get; private set; } = Task.CompletedTask;

    public async Task PumpAsync()
    {
        var done = new TaskCompletionSource();
        Closed = done.Task;
        var buffer = new byte[1 << 20];
        try
        {
            while (true)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (read.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }
                if (TelemetryFrame.TrySplit(buffer.AsMemory(0, read.Count), out var headers, out var json)
                    && AgentFrame.Decode(json.Span).Message is { } message)
                {
                    FrameHeaders = headers;
                    _received.Writer.TryWrite(message);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
        }
        _received.Writer.TryComplete();
        done.SetResult();
    }

    public Task SendAsync(AgentMessage message) =>
        socket.SendAsync(AgentFrame.Encode(message), WebSocketMessageType.Text, true, CancellationToken.None);

    public Task SendTextAsync(string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>The next message of this type; others in between are passed over.</summary>
    public async Task<T> ReceivedAsync<T>()
        where T : AgentMessage
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            if (await _received.Reader.ReadAsync(deadline.Token) is T found)
            {
                return found;
            }
        }
    }

    public void Abort() => socket.Abort();

    public async Task CloseAsync(WebSocketCloseStatus status, string reason)
    {
        try
        {
            await socket.CloseOutputAsync(status, reason, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The node has answered the close frame before the call had returned.
        }
    }
}
