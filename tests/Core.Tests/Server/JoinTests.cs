using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Sqs;
using Longspan.Api.Ssm;
using Longspan.Node;
using Longspan.Node.Control;
using Longspan.Node.Identity;
using Longspan.Node.State;
using Longspan.Server.Transport;
using Longspan.Wire.Client;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Longspan.Core.Tests.Server;

/// <summary>Machines that join by a token: they accept the server whose key it pins, over HTTPS and websockets alike, and nobody else.</summary>
public sealed class JoinTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-join-");
    private TlsSite _site = null!;

    public async Task InitializeAsync() => _site = await TlsSite.StartAsync(_folder, settings => settings with
    {
        Limits = new TransportLimits { Headers = TimeSpan.FromSeconds(2), Idle = TimeSpan.FromSeconds(2), RateGrace = TimeSpan.FromSeconds(2) },
    });

    public async Task DisposeAsync()
    {
        await _site.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string State => Path.Combine(_folder.FullName, "node");
    private PublicKeyPin Pin => PublicKeyPin.Of(_site.AuthorityCertificate);

    [Fact]
    public async Task A_machine_joins_by_a_token_and_comes_back_without_it()
    {
        var client = _site.Client;
        await client.CallAsync(EcsOperations.CreateCluster, new(), default);
        await client.CallAsync(IamOperations.CreateRole, new()
        {
            RoleName = "node",
            AssumeRolePolicyDocument = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}]}""",
        }, default);
        foreach (var policy in (string[])["service-role/AmazonEC2ContainerServiceforEC2Role", "AmazonSSMManagedInstanceCore"])
        {
            await client.CallAsync(IamOperations.AttachRolePolicy, new() { RoleName = "node", PolicyArn = $"arn:aws:iam::aws:policy/{policy}" }, default);
        }
        var activation = await client.CallAsync(SsmOperations.CreateActivation, new() { IamRole = "node", RegistrationLimit = 1 }, default);
        var token = JoinToken.Parse(new JoinToken(_site.Endpoint, TlsSite.Region, activation.ActivationId!, activation.ActivationCode!, Pin).Encode())!;
        var certs = Path.Combine(_folder.FullName, "certs.d");
        var log = new Lines();
        var settings = Settings(token) with { RegistryCertificates = certs };

        await RunUntilConnectedAsync(settings, log, async () =>
        {
            // Longer than every bound on idle clients: the node's two websockets are not among those.
            var queue = await client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "q" }, default);
            await client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = queue.QueueUrl, WaitTimeSeconds = 6 }, default);
            Assert.DoesNotContain(log.All, line => line.Contains("is down", StringComparison.Ordinal));
        });
        Assert.Equal(await File.ReadAllTextAsync(_site.Authority), await File.ReadAllTextAsync(Path.Combine(certs, _site.Endpoint.Authority, "longspan.crt")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(State, SavedServer.FileName)));
        }
        var saved = SavedServer.Read(State)!;
        Assert.Equal((_site.Endpoint, TlsSite.Region, Pin.Text), (saved.Endpoint, saved.Region, saved.Pin));
        Assert.All([.. log.All, await File.ReadAllTextAsync(Path.Combine(State, SavedServer.FileName))], text => Assert.DoesNotContain(activation.ActivationCode!, text, StringComparison.Ordinal));

        await RunUntilConnectedAsync(settings with { JoinToken = null, Activation = null }, log, () => Task.CompletedTask);
    }

    [Fact]
    public async Task Another_server_in_its_place_is_refused_before_it_is_told_anything()
    {
        var other = Directory.CreateDirectory(Path.Combine(_folder.FullName, "other"));
        await using var impostor = await TlsSite.StartAsync(other);
        using var state = StateFolder.Open(State);
        var token = new JoinToken(impostor.Endpoint, TlsSite.Region, "id", "code", Pin);
        var asked = await RefusedAsync(ServerPin.Trust(Settings(token), state, maySave: true, _ => { }), impostor.Endpoint);
        Assert.Contains("shows another authority", asked, StringComparison.Ordinal);
        Assert.Contains("longspan join-token create", asked, StringComparison.Ordinal);
        Assert.Null(SavedServer.Read(State)!.Authority);

        // One that shows the right authority, as everybody can, but has not its key.
        (SavedServer.Read(State)! with { Authority = await File.ReadAllTextAsync(_site.Authority) }).Write(state);
        var trust = ServerPin.Trust(Settings(token), state, maySave: true, _ => { });
        var shown = await RefusedAsync(trust, impostor.Endpoint);
        Assert.Contains($"does not lead to a key that this client trusts ({Pin}", shown, StringComparison.Ordinal);
        Assert.Contains("longspan join-token create", shown, StringComparison.Ordinal);
        var dialled = await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync(impostor.Endpoint, trust));
        Assert.Equal(shown, dialled.Message);
        // The right one is accepted by the same, as far as TLS goes.
        Assert.Equal(400, (await Assert.ThrowsAsync<SocketRefusedException>(() => DialAsync(_site.Endpoint, trust))).Status);
    }

    [Fact]
    public async Task Who_was_told_whom_to_expect_speaks_no_plain_HTTP()
    {
        await using var plain = await Longspan.Server.LongspanServer.StartAsync(
            new() { DataFolder = Path.Combine(_folder.FullName, "plain"), Port = 0 }, default);
        Assert.Contains("is plain HTTP", await RefusedAsync(_site.Trust, plain.Endpoint), StringComparison.Ordinal);
        Assert.Contains("is plain HTTP", (await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync(plain.Endpoint, _site.Trust))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_not_in_the_certificate_is_refused_with_what_to_do()
    {
        var named = new UriBuilder(_site.Endpoint) { Host = "127.0.0.2" }.Uri;
        Assert.Contains("--tls-name 127.0.0.2", await RefusedAsync(_site.Trust, named), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_whose_own_key_is_pinned_needs_no_name_but_its_dates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var folder = Directory.CreateDirectory(Path.Combine(_folder.FullName, "given"));
        await using var given = await StartGivenAsync(folder, TlsSite.MakeCertificate("elsewhere.example", key));
        using var state = StateFolder.Open(State);
        using var leaf = given.AuthorityCertificate;
        var trust = ServerPin.Trust(Settings(new JoinToken(given.Endpoint, TlsSite.Region, "id", "code", PublicKeyPin.Of(leaf))), state, true, _ => { });
        Assert.Equal("""{"status":"ok"}""", await given.Http(trust).GetStringAsync(new Uri(given.Endpoint, "/health")));
        // The same key in a certificate of its successor: a pin is of a key.
        var renewed = X509Certificate2.CreateFromPem(TlsSite.MakeCertificate("renewed.example", key, ends: TimeProvider.System.GetUtcNow().AddDays(20)).Certificate);
        Assert.True(trust.Check(this, renewed, null, System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch));
        var ended = X509Certificate2.CreateFromPem(TlsSite.MakeCertificate("ended.example", key, ends: TimeProvider.System.GetUtcNow().AddDays(-1)).Certificate);
        Assert.Contains("clock", Assert.Throws<UntrustedServerException>(() => trust.Check(this, ended, null, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authoritys_next_certificate_with_the_same_key_is_learned_in_time()
    {
        using var state = StateFolder.Open(State);
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(_site.Data, "keys", OwnAuthority.AuthorityFile)));
        var old = TlsSite.MakeCertificate("an older authority", key, isAuthority: true).Certificate;
        new SavedServer { Endpoint = _site.Endpoint, Region = TlsSite.Region, Pin = Pin.Text, Authority = old }.Write(state);
        var settings = Settings(new JoinToken(_site.Endpoint, TlsSite.Region, "id", "code", Pin)) with { JoinToken = null };
        await _site.Http(ServerPin.Trust(settings, state, maySave: true, _ => { })).GetStringAsync(new Uri(_site.Endpoint, "/health"));
        Assert.Equal(await File.ReadAllTextAsync(_site.Authority), SavedServer.Read(State)!.Authority + "\n");
    }

    [Fact]
    public void Tokens_are_whole_or_none_and_never_print_their_code()
    {
        var token = new JoinToken(new Uri("https://192.0.2.1:4566"), "eu-west-1", "an-id", "a-secret-code", Pin);
        var text = token.Encode();
        Assert.Equal(token with { Endpoint = new Uri("https://192.0.2.1:4566/") }, JoinToken.Parse(text));
        Assert.DoesNotContain("a-secret-code", $"{token} {Settings(token)}", StringComparison.Ordinal);
        for (var length = 0; length < text.Length; length++)
        {
            Assert.Null(JoinToken.Parse(text[..length]));
        }
        Assert.Null(JoinToken.Parse(text + new string('A', 8192)));
        // A pin is nothing without TLS, and TLS is not asked for on the way to http.
        Assert.Null(JoinToken.Parse((token with { Endpoint = new Uri("http://192.0.2.1:4566") }).Encode()));
        Assert.NotNull(JoinToken.Parse((token with { Endpoint = new Uri("http://192.0.2.1:4566"), Pin = null }).Encode()));
        Assert.Null(JoinToken.Parse("lsj1." + Convert.ToBase64String("""{"e":"https://a","r":"b","i":"c","c":"d","p":"sha256:12"}"""u8.ToArray()).TrimEnd('=')));
    }

    private NodeSettings Settings(JoinToken token) => new()
    {
        Name = "joining", Endpoint = token.Endpoint, Region = token.Region, StateFolder = State, Engine = EngineKind.Fake, JoinToken = token,
        Activation = new NodeActivation(token.ActivationId, token.ActivationCode), MetadataAccess = MetadataAccess.Address, RetryLimit = TimeSpan.FromMilliseconds(200),
    };

    private async Task RunUntilConnectedAsync(NodeSettings settings, ILogger log, Func<Task> then)
    {
        using var stop = new CancellationTokenSource(Deadline);
        var node = NodeAgent.RunAsync(settings, log, stop.Token);
        while (!await IsConnectedAsync(stop.Token))
        {
            Assert.False(node.IsCompleted, "the node has ended");
            await Task.Delay(50, stop.Token);
        }
        await then();
        await stop.CancelAsync();
        Assert.Equal(NodeOutcome.Stopped, await node);
    }

    private async Task<bool> IsConnectedAsync(CancellationToken stop)
    {
        var arns = (await _site.Client.CallAsync(EcsOperations.ListContainerInstances, new(), stop)).ContainerInstanceArns ?? [];
        return arns.Count > 0 && (await _site.Client.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = arns }, stop))
            .ContainerInstances!.Any(instance => instance.AgentConnected == true);
    }

    private Task DialAsync(Uri server, ServerTrust trust) => Socket.DialAsync(
        new Uri(server, "/ecs/acs").ToString(), [new("clusterArn", "default")], trust, _site.Keys, TlsSite.Region, TimeProvider.System, default);

    private async Task<string> RefusedAsync(ServerTrust trust, Uri server) =>
        (await Assert.ThrowsAsync<HttpRequestException>(() => _site.Http(trust).GetStringAsync(new Uri(server, "/health")))).Message;

    private static Task<TlsSite> StartGivenAsync(DirectoryInfo folder, (string Certificate, string Key) pem)
    {
        var (certificate, key) = (Path.Combine(folder.FullName, "cert.pem"), Path.Combine(folder.FullName, "key.pem"));
        File.WriteAllText(certificate, pem.Certificate);
        File.WriteAllText(key, pem.Key);
        return TlsSite.StartAsync(folder, settings => settings with { TlsCertificateFile = certificate, TlsKeyFile = key });
    }

    private sealed class Lines : ILogger
    {
        private readonly global::System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> All => _lines;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel} {formatter(state, exception)}");
    }
}
