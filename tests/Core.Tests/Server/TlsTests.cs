using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Longspan.Api.Sts;
using Longspan.Server;
using Longspan.Server.Transport;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.Core.Tests.Server;

/// <summary>The server's TLS as clients see it: where it is, what is agreed to, and that calls work over it.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-tls-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Loopback_is_plain_and_every_other_address_of_the_same_port_is_not()
    {
        var other = NetworkInterface.GetAllNetworkInterfaces().SelectMany(face => face.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        if (other is null)
        {
            return;
        }
        await using var site = await TlsSite.StartAsync(_folder, settings => settings with { Bind = [IPAddress.Loopback, other] });
        Assert.Equal("http", site.Endpoint.Scheme);
        using var plain = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Equal("""{"status":"ok"}""", await plain.GetStringAsync(new Uri(site.Endpoint, "/health")));
        Assert.Equal("""{"status":"ok"}""", await site.Http().GetStringAsync(new Uri($"https://{other}:{site.Endpoint.Port}/health")));
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetStringAsync(new Uri($"http://{other}:{site.Endpoint.Port}/health")));
        // The machine's own trust store knows nothing of this server, and still does not.
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => site.Http(ServerTrust.Machine).GetStringAsync(new Uri($"https://{other}:{site.Endpoint.Port}/health")));
        Assert.Contains("does not trust the certificate", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Insecure_http_is_plain_everywhere_and_makes_no_authority()
    {
        await using var server = await LongspanServer.StartAsync(
            new ServerSettings { DataFolder = Path.Combine(_folder.FullName, "data"), Port = 0, Bind = [IPAddress.Any], InsecureHttp = true }, default);
        using var plain = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Equal("http", server.Endpoint.Scheme);
        Assert.Equal("""{"status":"ok"}""", await plain.GetStringAsync(new Uri(server.Endpoint, "/health")));
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "data", ServerCertificates.AuthorityFile)));
    }

    [Theory]
    [InlineData(SslProtocols.Tls13, TlsCipherSuite.TLS_AES_128_GCM_SHA256, false)]
    [InlineData(SslProtocols.Tls13, TlsCipherSuite.TLS_AES_256_GCM_SHA384, false)]
    [InlineData(SslProtocols.Tls13, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256, true)]
    [InlineData(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false)]
    [InlineData(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, false)]
    [InlineData(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, true)]
    public async Task Modern_suites_are_agreed_to(SslProtocols protocol, TlsCipherSuite suite, bool withRsa)
    {
        await using var site = await TlsSite.StartAsync(_folder, settings => withRsa ? Given(settings) : settings);
        var stream = await site.ShakeHandsAsync(protocol, suite);
        Assert.Equal((protocol, suite), (stream.SslProtocol, stream.NegotiatedCipherSuite));
    }

    [Theory]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, false)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, true)]
    [InlineData(TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, true)]
    [InlineData(TlsCipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384, true)]
    public async Task Suites_without_forward_secrecy_or_authenticated_encryption_are_refused(TlsCipherSuite suite, bool withRsa)
    {
        await using var site = await TlsSite.StartAsync(_folder, settings => withRsa ? Given(settings) : settings);
        var refused = await Record.ExceptionAsync(() => site.ShakeHandsAsync(SslProtocols.Tls12, suite));
        Assert.True(refused is AuthenticationException or IOException or Win32Exception, $"{refused}");
    }

    [Fact]
    public void No_suite_on_the_list_is_an_old_one() => Assert.All(TlsPolicy.Suites, suite =>
    {
        var name = suite.ToString();
        Assert.True(name.Contains("_ECDHE_", StringComparison.Ordinal) || !name.Contains("_WITH_", StringComparison.Ordinal), name);
        Assert.True(name.Contains("_GCM_", StringComparison.Ordinal) || name.Contains("_POLY1305_", StringComparison.Ordinal), name);
    });

    [Fact]
    public async Task The_client_chooses_between_HTTP_1_1_and_2()
    {
        await using var site = await TlsSite.StartAsync(_folder);
        Assert.Equal(SslApplicationProtocol.Http2, (await site.ShakeHandsAsync(alpn: [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11])).NegotiatedApplicationProtocol);
        Assert.Equal(SslApplicationProtocol.Http11, (await site.ShakeHandsAsync(alpn: SslApplicationProtocol.Http11)).NegotiatedApplicationProtocol);
        // And who knows nothing of the choice speaks 1.1.
        var stream = await site.ShakeHandsAsync();
        await stream.WriteAsync("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Signed_calls_work_over_both_versions(int version)
    {
        await using var site = await TlsSite.StartAsync(_folder);
        var caller = await site.ClientOver(new Version(version, version == 2 ? 0 : 1)).CallAsync(StsOperations.GetCallerIdentity, new(), default);
        Assert.Equal("123456789012", caller.Account);
    }

    /// <summary>HTTP/2 has no header that announces a body of unknown length; it must not be taken for none.</summary>
    [Fact]
    public async Task A_body_of_unknown_length_is_read_over_HTTP_2()
    {
        await using var site = await TlsSite.StartAsync(_folder);
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Endpoint) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var body = "Action=GetCallerIdentity&Version=2011-06-15"u8.ToArray();
        request.Content = new StreamContent(new EndlessLooking(body));
        request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
        SigV4Signer.Sign(request, body, site.Keys, TlsSite.Region, "sts", TimeProvider.System.GetUtcNow());
        using var answer = await site.Http().SendAsync(request);
        Assert.Null(request.Content.Headers.ContentLength);
        Assert.Contains("<Account>123456789012</Account>", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_for_the_owner_only_and_the_authority_is_for_all()
    {
        await using var site = await TlsSite.StartAsync(_folder, settings => settings with { TlsNames = ["shop.example", "192.0.2.7"] });
        if (!OperatingSystem.IsWindows())
        {
            foreach (var secret in (string[])[OwnAuthority.AuthorityFile, OwnAuthority.ServerFile])
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(site.Data, "keys", secret)));
            }
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(site.Authority));
        }
        Assert.DoesNotContain("PRIVATE", await File.ReadAllTextAsync(site.Authority), StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(site.Authority), await site.Http().GetStringAsync(new Uri(site.Endpoint, "/_longspan/ca.pem")));
        using var leaf = (X509Certificate2)(await site.ShakeHandsAsync()).RemoteCertificate!;
        Assert.True(leaf.MatchesHostname("shop.example") && leaf.MatchesHostname("192.0.2.7") && leaf.MatchesHostname("localhost") && leaf.MatchesHostname("127.0.0.1"));
        Assert.False(leaf.MatchesHostname("stranger.example"));
    }

    [Fact]
    public async Task Authority_and_certificate_outlive_a_restart_and_new_names_need_only_a_new_certificate()
    {
        byte[] leaf;
        string authority;
        await using (var site = await TlsSite.StartAsync(_folder))
        {
            (leaf, authority) = ((await site.ShakeHandsAsync()).RemoteCertificate!.GetRawCertData(), await File.ReadAllTextAsync(site.Authority));
        }
        await using (var site = await TlsSite.StartAsync(_folder))
        {
            Assert.Equal(leaf, (await site.ShakeHandsAsync()).RemoteCertificate!.GetRawCertData());
        }
        await using (var site = await TlsSite.StartAsync(_folder, settings => settings with { TlsNames = ["new.example"] }))
        {
            using var renewed = (X509Certificate2)(await site.ShakeHandsAsync()).RemoteCertificate!;
            Assert.True(renewed.MatchesHostname("new.example"));
            Assert.Equal(authority, await File.ReadAllTextAsync(site.Authority));
        }
    }

    [Theory]
    [InlineData("--tls-key", null, "key.pem", true, "")]
    [InlineData("no effect", "cert.pem", "key.pem", false, "")]
    [InlineData("names in the file", "cert.pem", "key.pem", true, "a.example")]
    [InlineData("neither a DNS name nor an address", null, null, true, "a_b.example")]
    [InlineData("neither a DNS name nor an address", null, null, true, "a..example")]
    public void Settings_that_cannot_be_meant_are_faults(string about, string? certificate, string? key, bool exposed, string name)
    {
        var faults = new ServerSettings
        {
            DataFolder = _folder.FullName, Bind = [exposed ? IPAddress.Any : IPAddress.Loopback], TlsCertificateFile = certificate, TlsKeyFile = key,
            TlsNames = name.Length == 0 ? [] : [name],
        }.Faults().ToArray();
        Assert.Single(faults);
        Assert.Contains(about == "no effect" ? "beyond loopback" : about, faults[0], StringComparison.Ordinal);
    }

    private ServerSettings Given(ServerSettings settings)
    {
        using var key = RSA.Create(2048);
        var (certificate, secret) = TlsSite.MakeCertificate("localhost", key);
        var (certificateFile, keyFile) = (Path.Combine(_folder.FullName, "cert.pem"), Path.Combine(_folder.FullName, "key.pem"));
        File.WriteAllText(certificateFile, certificate);
        File.WriteAllText(keyFile, secret);
        return settings with { TlsCertificateFile = certificateFile, TlsKeyFile = keyFile };
    }

    /// <summary>A stream that cannot tell its length.</summary>
    private sealed class EndlessLooking(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
