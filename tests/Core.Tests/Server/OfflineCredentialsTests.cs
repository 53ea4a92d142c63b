using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.Api.CloudTrail;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Node;
using Longspan.Node.Engines.Fake;
using Longspan.Server;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.Server;

/// <summary>Offline credentials from end to end: a real server, a real node without containers, and a clock that tests move for both.</summary>
public sealed class OfflineCredentialsTests : IAsyncLifetime, IDisposable
{
    private const string Region = "us-east-1";
    private const string LifeTag = "longspan:offline-credentials";
    private static readonly TimeSpan Long = TimeSpan.FromHours(3);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-offline-");
    private readonly HttpClient _http = new();
    private readonly ShiftedClock _clock = new();
    private readonly FakeEngine _engine = new("n1", TimeProvider.System);
    private readonly int _port = FreePort();
    private CancellationTokenSource _stop = new();
    private LongspanServer _server = null!;
    private Cable _cable = null!;
    private AwsClient _operator = null!;
    private AwsCredentials _keys = null!;
    private Task<NodeOutcome> _node = Task.FromResult(NodeOutcome.Stopped);

    public async Task InitializeAsync()
    {
        await OpenServerAsync(0);
        _cable = new Cable(_server.Endpoint);
        await CallAsync(IamOperations.CreateRole, new()
        {
            RoleName = "app",
            AssumeRolePolicyDocument = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}""",
        });
        await AllowAsync("sqs:*");
    }

    public async Task DisposeAsync()
    {
        await StopNodeAsync();
        await _cable.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    public void Dispose()
    {
        _http.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_cut_that_outlasts_the_usual_keys_leaves_a_task_with_keys_that_are_taken_once_its_node_is_back()
    {
        var uri = await StartAsync(LifeTag, "8h");
        var usual = await KeysAsync(uri);
        await CutAsync();
        _clock.Advance(Long);

        var offline = await KeysAsync(uri);
        Assert.NotEqual(usual.Keys.AccessKeyId, offline.Keys.AccessKeyId);
        // Containers are to ask again soon, whatever the keys hold.
        Assert.InRange(offline.Expires - _clock.GetUtcNow(), TimeSpan.FromMinutes(19), TimeSpan.FromMinutes(20));
        Assert.Equal("ExpiredTokenException", await CodeAsync(offline.Keys));

        await ReturnAsync();
        Assert.Equal("", await CodeAsync(offline.Keys));
        await As(offline.Keys).CallAsync(SqsOperations.SendMessage, new() { QueueUrl = await QueueAsync(), MessageBody = "what was read in the dark" }, default);
        var renewed = await KeysAsync(uri, k => k.Keys.AccessKeyId != usual.Keys.AccessKeyId && k.Keys.AccessKeyId != offline.Keys.AccessKeyId);
        Assert.Equal("", await CodeAsync(renewed.Keys));

        var told = await UntilAsync("told", async () => (await ServiceAsync()).Events!, e => e.Any(x => x.Message!.Contains("offline credentials", StringComparison.Ordinal)));
        Assert.DoesNotContain(told, e => e.Message!.Contains("whose credentials ended", StringComparison.Ordinal));
        var sent = Assert.Single((await CallAsync(CloudTrailOperations.LookupEvents, new()
        {
            LookupAttributes = [new() { AttributeKey = "EventName", AttributeValue = "SendMessage" }],
        })).Events!);
        var mark = JsonDocument.Parse(sent.CloudTrailEvent!).RootElement.GetProperty("additionalEventData").GetProperty("offlineCredentials");
        Assert.Equal(await TaskAsync(), mark.GetProperty("taskArn").GetString());
        Assert.DoesNotContain("dark", sent.CloudTrailEvent, StringComparison.Ordinal);
        Assert.Empty((await CallAsync(CloudTrailOperations.LookupEvents, new()
        {
            LookupAttributes = [new() { AttributeKey = "AccessKeyId", AttributeValue = renewed.Keys.AccessKeyId }],
        })).Events!);
    }

    [Fact]
    public async Task What_the_operator_and_the_server_know_by_then_decides_and_not_what_was_known_when_they_were_made()
    {
        var uri = await StartAsync(LifeTag, "8h");
        await CutAsync();
        _clock.Advance(Long);
        var offline = (await KeysAsync(uri)).Keys;
        await ReturnAsync();
        Assert.Equal("", await CodeAsync(offline));

        await AllowAsync("sqs:ListQueues");
        Assert.Equal("AccessDeniedException", (await Assert.ThrowsAnyAsync<AwsError>(QueueAs(offline))).Code);
        await AllowAsync("sqs:*");

        var cluster = (await CallAsync(EcsOperations.DescribeClusters, new())).Clusters!.Single().ClusterArn!;
        await CallAsync(EcsOperations.UntagResource, new() { ResourceArn = cluster, TagKeys = [LifeTag] });
        Assert.Equal("ExpiredTokenException", await CodeAsync(offline));
        // The node's own are taken back as well.
        await UntilAsync("taken back", () => Task.FromResult(Grants()), n => n == 0);
        await CallAsync(EcsOperations.TagResource, new() { ResourceArn = cluster, Tags = [new() { Key = LifeTag, Value = "3h" }] });
        Assert.Equal("ExpiredTokenException", await CodeAsync(offline));
        await CallAsync(EcsOperations.TagResource, new() { ResourceArn = cluster, Tags = [new() { Key = LifeTag, Value = "8h" }] });
        Assert.Equal("", await CodeAsync(offline));

        var usual = await KeysAsync(uri);
        await CallAsync(EcsOperations.StopTask, new() { Task = await TaskAsync() });
        Assert.Equal("ExpiredTokenException", await CodeAsync(offline));
        // Usual keys are judged as ever.
        Assert.Equal("", await CodeAsync(usual.Keys));
    }

    [Fact]
    public async Task They_outlast_a_restart_of_the_node_and_count_after_the_servers_own_absence()
    {
        var uri = await StartAsync(LifeTag, "8h");
        var port = _server.Endpoint.Port;
        await _server.DisposeAsync();
        _clock.Advance(Long);
        var first = await KeysAsync(uri, k => k.Expires > _clock.GetUtcNow());
        await StopNodeAsync();
        StartNode();
        // A node that has just started waits a little for the server before it counts as cut off.
        _clock.Advance(TimeSpan.FromSeconds(15));
        var offline = await KeysAsync(uri, k => k.Expires > _clock.GetUtcNow());
        Assert.Equal(first.Keys.AccessKeyId, offline.Keys.AccessKeyId);

        await OpenServerAsync(port);
        // The server shows the node as connected all the while, because it was itself that was away. What counts is that it is there.
        await UntilAsync("taken", () => CodeAsync(offline.Keys), code => code.Length == 0);
        _clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal("ExpiredTokenException", await CodeAsync(offline.Keys));
    }

    [Theory]
    [InlineData("note", "none")]
    [InlineData("longspan:offline-credentials-sites", "harbour")]
    public async Task Without_the_operators_word_for_this_site_a_node_gets_none_and_an_event_says_that_keys_ended(string tag, string value)
    {
        var uri = await StartAsync(tag, value, tag.EndsWith("sites", StringComparison.Ordinal) ? "8h" : null);
        var usual = await KeysAsync(uri);
        await CutAsync();
        _clock.Advance(Long);
        Assert.Equal(usual.Keys.AccessKeyId, (await KeysAsync(uri)).Keys.AccessKeyId);
        Assert.Equal(0, Grants());
        await ReturnAsync();
        await UntilAsync("told", async () => (await ServiceAsync()).Events!, e => e.Any(x => x.Message!.Contains("whose credentials ended", StringComparison.Ordinal)));
    }

    /// <summary>A task of a service on a connected node, and the path of its keys. With a life, its keys for cuts have arrived.</summary>
    private async Task<string> StartAsync(string tag, string value, string? life = null)
    {
        List<Api.Ecs.Tag> tags = [new() { Key = tag, Value = value }];
        if (life is not null)
        {
            tags.Add(new() { Key = LifeTag, Value = life });
        }
        await CallAsync(EcsOperations.CreateCluster, new() { Tags = tags });
        StartNode();
        await CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = "job", TaskRoleArn = "arn:aws:iam::000000000000:role/app".Replace("000000000000", await AccountAsync(), StringComparison.Ordinal),
            ContainerDefinitions = [new() { Name = "main", Image = "job:1", Memory = 16, Essential = true }],
        });
        await CallAsync(EcsOperations.CreateService, new() { ServiceName = "job", TaskDefinition = "job", DesiredCount = 1, LaunchType = "EC2" });
        await UntilAsync("running", ServiceAsync, s => s.RunningCount == 1);
        if (tag == LifeTag)
        {
            await UntilAsync("granted", () => Task.FromResult(Grants()), n => n == 1);
        }
        var container = Assert.Single(await _engine.ListAsync(default));
        var variable = _engine.PlanOf(container.Id).Config["Env"]!.AsArray().Select(e => (string)e!).Single(e => e.Contains("/credentials/", StringComparison.Ordinal));
        return variable[variable.IndexOf("/v2/", StringComparison.Ordinal)..];
    }

    private async Task OpenServerAsync(int port)
    {
        _server = await LongspanServer.StartAsync(
            new ServerSettings { DataFolder = Path.Combine(_folder.FullName, "data"), Port = port, Clock = _clock }, default);
        var profile = (await File.ReadAllLinesAsync(_server.CredentialsFile)).Select(l => l.Split('=', 2)).Where(p => p.Length == 2)
            .ToDictionary(p => p[0].Trim(), p => p[1].Trim());
        _keys = new AwsCredentials(profile["aws_access_key_id"], profile["aws_secret_access_key"]);
        _operator = As(_keys);
    }

    private void StartNode() => _node = NodeAgent.RunAsync(
        new NodeSettings
        {
            Name = "n1", Endpoint = _cable.Endpoint, Region = Region, StateFolder = Path.Combine(_folder.FullName, "node"), Engine = EngineKind.Fake,
            Keys = new NodeKeys(_keys.AccessKeyId, _keys.SecretAccessKey, null), Time = _clock, MetadataBind = new IPEndPoint(IPAddress.Loopback, _port),
            Attributes = new Dictionary<string, string> { ["site"] = "factory" }, RetryLimit = TimeSpan.FromMilliseconds(100),
        }, NullLogger.Instance, _engine, _stop.Token);

    private async Task StopNodeAsync()
    {
        await _stop.CancelAsync();
        await _node;
        _stop.Dispose();
        _stop = new CancellationTokenSource();
    }

    private async Task CutAsync()
    {
        _cable.Cut();
        await UntilAsync("lost", InstanceAsync, i => i.AgentConnected == false);
    }

    private async Task ReturnAsync()
    {
        _cable.Heal();
        await UntilAsync("back", InstanceAsync, i => i.AgentConnected == true);
    }

    private int Grants() => Directory.GetFiles(Path.Combine(_folder.FullName, "node", "offline")).Length;

    private AwsClient As(AwsCredentials keys) => new(_http, _server.Endpoint, Region, _ => ValueTask.FromResult(keys), _clock);

    private Func<Task> QueueAs(AwsCredentials keys) => () => As(keys).CallAsync(SqsOperations.CreateQueue, new() { QueueName = "q" }, default);

    private async Task<string> QueueAsync() => (await CallAsync(SqsOperations.CreateQueue, new() { QueueName = "q" })).QueueUrl!;

    /// <summary>The refusal's code; empty when the keys are taken.</summary>
    private async Task<string> CodeAsync(AwsCredentials keys)
    {
        try
        {
            await As(keys).CallAsync(SqsOperations.ListQueues, new(), default);
            return "";
        }
        catch (AwsError refused)
        {
            return refused.Code;
        }
    }

    private sealed record Given(AwsCredentials Keys, DateTimeOffset Expires);

    private async Task<Given> KeysAsync(string uri, Func<Given, bool>? which = null) => (await UntilAsync("keys", async () =>
    {
        using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{_port}{uri}"));
        return answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync<JsonObject>() is { } keys
            ? new Given(
                new AwsCredentials((string)keys["AccessKeyId"]!, (string)keys["SecretAccessKey"]!, (string)keys["Token"]!),
                DateTimeOffset.Parse((string)keys["Expiration"]!, CultureInfo.InvariantCulture))
            : null;
    }, given => given is not null && (which is null || which(given))))!;

    private Task AllowAsync(string action) => CallAsync(IamOperations.PutRolePolicy, new()
    {
        RoleName = "app", PolicyName = "queues",
        PolicyDocument = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["{{action}}","sqs:ListQueues"],"Resource":"*"}]}""",
    });

    private async Task<Service> ServiceAsync() => (await CallAsync(EcsOperations.DescribeServices, new() { Services = ["job"] })).Services!.Single();

    private async Task<string> TaskAsync() => (await CallAsync(EcsOperations.ListTasks, new() { ServiceName = "job" })).TaskArns!.Single();

    private async Task<string> AccountAsync() => (await CallAsync(StsOperations.GetCallerIdentity, new())).Account!;

    private async Task<ContainerInstance> InstanceAsync()
    {
        var arns = (await CallAsync(EcsOperations.ListContainerInstances, new())).ContainerInstanceArns!;
        return (await CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = arns })).ContainerInstances!.Single();
    }

    private Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => _operator.CallAsync(operation, request, default);

    private static async Task<T> UntilAsync<T>(string state, Func<Task<T>> look, Func<T, bool> reached)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var seen = await look();
            if (reached(seen))
            {
                return seen;
            }
            Assert.False(limit.IsCancellationRequested, $"not reached: {state}");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Real time, moved on by a test: timers run as they are, whoever looks at the clock finds that time has passed.</summary>
    private sealed class ShiftedClock : TimeProvider
    {
        private long _ticks;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref _ticks));

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => GetUtcNow().Ticks;

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }

    /// <summary>The node's way to the server. Cut, its connections end and new ones do not come about.</summary>
    private sealed class Cable : IAsyncDisposable
    {
        private delegate void Change(Span<byte> bytes);

        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Uri _server;
        private readonly Lock _gate = new();
        private readonly HashSet<Socket> _open = [];
        private readonly Task _accepting;
        private bool _isCut;

        public Cable(Uri server)
        {
            _server = server;
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public Uri Endpoint => new($"http://{_listener.LocalEndpoint}");

        public void Cut()
        {
            lock (_gate)
            {
                _isCut = true;
                foreach (var socket in _open)
                {
                    socket.Dispose();
                }
                _open.Clear();
            }
        }

        public void Heal()
        {
            lock (_gate)
            {
                _isCut = false;
            }
        }

        private async Task AcceptAsync()
        {
            var pumps = new List<Task>();
            try
            {
                while (true)
                {
                    pumps.Add(JoinAsync(await _listener.AcceptSocketAsync(_stop.Token)));
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(pumps);
            }
        }

        private async Task JoinAsync(Socket caller)
        {
            using var own = caller;
            using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
            lock (_gate)
            {
                if (_isCut)
                {
                    return;
                }
                _open.Add(caller);
                _open.Add(server);
            }
            try
            {
                await server.ConnectAsync(_server.Host, _server.Port, _stop.Token);
                await await Task.WhenAny(PumpAsync(caller, server, _ => { }), PumpAsync(server, caller, HideDate));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
            }
        }

        // The web server dates its answers by the machine's clock, and nodes that hear of another date go by that.
        private static void HideDate(Span<byte> bytes)
        {
            if (bytes.IndexOf("\r\nDate: "u8) is >= 0 and var at)
            {
                "\r\nPast: "u8.CopyTo(bytes[at..]);
            }
        }

        private async Task PumpAsync(Socket from, Socket to, Change change)
        {
            var buffer = new byte[64 * 1024];
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
            {
                change(buffer.AsSpan(0, read));
                await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Dispose();
            await _accepting;
            _stop.Dispose();
        }
    }
}
