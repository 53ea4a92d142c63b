using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Longspan.Core.Tests.Node.ServerDouble;

/// <summary>
/// The server of the agent protocol, written from its description alone. It recomputes every signature, checks every body and frame
/// member by member, and leaves all messages to the test. <see cref="Faults"/> must be empty at the end.
/// </summary>
internal sealed class StrictPlane : IAsyncDisposable
{
    public const string Instance = "arn:aws:ecs:us-east-1:123456789012:container-instance/default/0123456789abcdef0123456789abcdef";
    public const string Cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/default";
    public static readonly SigningKeys Keys = new("ASIAEXAMPLEEXAMPLE00", "a-secret", "a-token+with/odd=characters");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly WebApplication _app;
    private readonly Channel<PlaneSocket> _control = Channel.CreateUnbounded<PlaneSocket>();
    private readonly Channel<PlaneSocket> _telemetry = Channel.CreateUnbounded<PlaneSocket>();

    private StrictPlane(WebApplication app) => _app = app;

    public Uri Endpoint { get; private set; } = null!;
    public ConcurrentQueue<string> Faults { get; } = new();
    public ConcurrentQueue<(string Operation, JsonElement Body)> Calls { get; } = new();
    /// <summary>Answers in place of the usual one: status and error code; null for the usual.</summary>
    public Func<string, JsonElement, (int Status, string Code)?> Refuses { get; set; } = (_, _) => null;

    public static async Task<StrictPlane> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http1));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        var app = builder.Build();
        var plane = new StrictPlane(app);
        app.UseWebSockets();
        app.Run(plane.HandleAsync);
        await app.StartAsync();
        plane.Endpoint = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return plane;
    }

    public Task<PlaneSocket> ControlAsync() => _control.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public Task<PlaneSocket> TelemetryAsync() => _telemetry.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public IReadOnlyList<JsonElement> Of(string operation) => [.. Calls.Where(c => c.Operation == operation).Select(c => c.Body)];

    public Task<IReadOnlyList<JsonElement>> UntilCalledAsync(string operation, Func<JsonElement, bool> which, int count = 1) => Ecs.EcsCloud.UntilAsync(
        $"{count} {operation}", () => Task.FromResult<IReadOnlyList<JsonElement>>([.. Of(operation).Where(which)]), c => c.Count >= count,
        _ => string.Join("; ", Of(operation).Select(b => b.GetRawText())));

    private async Task HandleAsync(HttpContext http)
    {
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (http.WebSockets.IsWebSocketRequest)
        {
            CheckSignature(http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), "GET", target, []);
            using var accepted = await http.WebSockets.AcceptWebSocketAsync();
            var isControl = target.StartsWith("/acs/", StringComparison.Ordinal);
            var socket = new PlaneSocket(this, accepted, target, isControl);
            await (isControl ? _control : _telemetry).Writer.WriteAsync(socket);
            await socket.PumpAsync();
            return;
        }
        using var bytes = new MemoryStream();
        await http.Request.Body.CopyToAsync(bytes);
        CheckSignature(http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), "POST", target, bytes.ToArray());
        var (status, answer) = Answer(http.Request, bytes.ToArray());
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/x-amz-json-1.1";
        await http.Response.WriteAsync(answer);
    }

    private (int Status, string Body) Answer(HttpRequest request, byte[] bytes)
    {
        var target = request.Headers["X-Amz-Target"].ToString().Split('.');
        Expect(target[0] == "AmazonEC2ContainerServiceV20141113", $"§2.1: target {target[0]}");
        Expect(request.ContentType == "application/x-amz-json-1.1", $"§2.1: content type {request.ContentType}");
        Expect(request.Path == "/" && request.Method == "POST", "§2.1: POST /");
        using var document = JsonDocument.Parse(bytes);
        var body = document.RootElement.Clone();
        if (AgentMessages.Calls.TryGetValue(target[1], out var kind))
        {
            var faults = new List<string>();
            kind.Check(body, target[1], faults);
            faults.ForEach(Faults.Enqueue);
        }
        else
        {
            Faults.Enqueue($"§2: unknown call {target[1]}");
        }
        var refusal = Refuses(target[1], body);
        Calls.Enqueue((target[1], body));
        if (refusal is var (status, code))
        {
            return (status, $$"""{"__type":"{{code}}","message":"as asked"}""");
        }
        return (200, target[1] switch
        {
            "RegisterContainerInstance" => new JsonObject
            {
                ["containerInstance"] = new JsonObject
                {
                    ["containerInstanceArn"] = Instance, ["attributes"] = JsonNode.Parse(body.GetProperty("attributes").GetRawText()), ["unknownMember"] = 1.5,
                },
            }.ToJsonString(),
            "DiscoverPollEndpoint" => $$"""{"endpoint":"{{Endpoint}}acs/","telemetryEndpoint":"{{Endpoint}}tcs"}""",
            _ => """{"acknowledgment":"ok"}""",
        });
    }

    public void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            Faults.Enqueue(otherwise);
        }
    }

    /// <summary>Recomputes a signature from the headers that it says it covers.</summary>
    public void CheckSignature(IReadOnlyDictionary<string, string> headers, string method, string target, byte[] payload)
    {
        if (!headers.TryGetValue("authorization", out var authorization) || !headers.TryGetValue("x-amz-date", out var timestamp))
        {
            Faults.Enqueue($"§2.1: {target} is not signed");
            return;
        }
        var names = authorization.Split("SignedHeaders=")[1].Split(',')[0].Split(';');
        Expect(names.Contains("host") && names.Contains("x-amz-date") && names.Contains("x-amz-security-token"), $"§3.1: signed headers {string.Join(';', names)}");
        var split = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = split < 0 ? (target, "") : (target[..split], target[(split + 1)..]);
        var expected = SpecSigner.Sign(
            method, path, query, names.Select(n => KeyValuePair.Create(n, headers.GetValueOrDefault(n, ""))), payload, Keys, "us-east-1", "ecs", timestamp);
        Expect(expected == authorization, $"§2.1: signature of {method} {path}\nexpected {expected}\nfound    {authorization}");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Xunit.Assert.Empty(Faults);
    }
}

/// <summary>One socket that a node opened.</summary>
internal sealed class PlaneSocket(StrictPlane plane, WebSocket socket, string target, bool isControl)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<(string Type, JsonElement Body)> _received = Channel.CreateUnbounded<(string, JsonElement)>();
    private int _barriers;

    public string Target => target;

    public IReadOnlyList<(string Key, string Value)> Query => [.. target[(target.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&')
        .Select(p => p.Split('=', 2)).Select(p => (p[0], WebUtility.UrlDecode(p[1])))];

    public async Task PumpAsync()
    {
        var message = new MemoryStream();
        var part = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var read = await socket.ReceiveAsync(part.AsMemory(), CancellationToken.None);
                if (read.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }
                plane.Expect(read.MessageType == WebSocketMessageType.Text, "§3.3: frames are text");
                message.Write(part, 0, read.Count);
                if (read.EndOfMessage)
                {
                    Take(message.ToArray());
                    message.SetLength(0);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
        }
        _received.Writer.TryComplete();
    }

    private void Take(byte[] frame)
    {
        try
        {
            var json = frame;
            if (!isControl)
            {
                // §6.1: headers, an empty line, the envelope.
                var end = frame.AsSpan().IndexOf("\r\n\r\n"u8);
                plane.Expect(end > 0 && frame[0] != (byte)'{', "§6.1: the frame has no header block");
                var headers = Encoding.ASCII.GetString(frame, 0, end).Split("\r\n").Select(l => l.Split(": ", 2))
                    .ToDictionary(l => l[0].ToLowerInvariant(), l => l[1]);
                json = frame[(end + 4)..];
                plane.CheckSignature(headers, "GET", target, json);
            }
            var faults = new List<string>();
            var read = AgentMessages.Read(Encoding.UTF8.GetString(json), isControl ? AgentMessages.Control : AgentMessages.Telemetry, faults);
            faults.ForEach(plane.Faults.Enqueue);
            _received.Writer.TryWrite(read);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or IndexOutOfRangeException or ArgumentException)
        {
            plane.Faults.Enqueue($"an unreadable frame: {e.Message}");
        }
    }

    public Task SendAsync(string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    public async Task<JsonElement> ReceivedAsync(string type)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var (found, body) = await _received.Reader.ReadAsync(limit.Token);
            if (found == type)
            {
                return body;
            }
        }
    }

    /// <summary>
    /// All answers to a message: what comes before the answer to a heartbeat that is sent behind it. So "no answer" needs no waiting.
    /// </summary>
    public async Task<IReadOnlyList<(string Type, JsonElement Body)>> AnswersAsync(string message)
    {
        var barrier = $"barrier-{++_barriers}";
        await SendAsync(message);
        await SendAsync($$$"""{"type":"HeartbeatMessage","message":{"healthy":true,"messageId":"{{{barrier}}}"}}""");
        using var limit = new CancellationTokenSource(Patience);
        var answers = new List<(string, JsonElement)>();
        while (true)
        {
            var answer = await _received.Reader.ReadAsync(limit.Token);
            if (answer.Type == "HeartbeatAckRequest" && answer.Body.GetProperty("messageId").GetString() == barrier)
            {
                return answers;
            }
            if (answer.Type != "NodeReportMessage")
            {
                answers.Add(answer);
            }
        }
    }

    public void Abort() => socket.Abort();

    public async Task CloseAsync(int code, string reason)
    {
        try
        {
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The node has answered before the call had returned.
        }
    }
}
