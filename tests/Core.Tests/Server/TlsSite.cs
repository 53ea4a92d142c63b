using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Longspan.Server;
using Longspan.Server.Transport;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Core.Tests.Server;

/// <summary>A server of this process that speaks TLS. It is bound to all addresses, because those of loopback alone are plain HTTP.</summary>
internal sealed class TlsSite : IAsyncDisposable
{
    public const string Region = "us-east-1";
    private readonly LongspanServer _server;
    private readonly List<IDisposable> _opened = [];

    private TlsSite(LongspanServer server, string data)
    {
        _server = server;
        Data = data;
        var lines = File.ReadAllLines(server.CredentialsFile).Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1]);
        Keys = new AwsCredentials(lines["aws_access_key_id"], lines["aws_secret_access_key"]);
    }

    public string Data { get; }
    public Uri Endpoint => _server.Endpoint;
    public AwsCredentials Keys { get; }
    public string Authority => Path.Combine(Data, ServerCertificates.AuthorityFile);
    public X509Certificate2 AuthorityCertificate => X509CertificateLoader.LoadCertificateFromFile(Authority);
    public ServerTrust Trust => ServerTrust.FromFile(Authority);
    public AwsClient Client => ClientOver(HttpVersion.Version11);

    public static async Task<TlsSite> StartAsync(DirectoryInfo folder, Func<ServerSettings, ServerSettings>? change = null)
    {
        var settings = new ServerSettings { DataFolder = Path.Combine(folder.FullName, "data"), Port = 0, Bind = [IPAddress.Any] };
        settings = change?.Invoke(settings) ?? settings;
        return new TlsSite(await LongspanServer.StartAsync(settings, default), settings.DataFolder);
    }

    public HttpClient Http(ServerTrust? trust = null)
    {
        var http = new HttpClient((trust ?? Trust).Guard(new SocketsHttpHandler { UseProxy = false }));
        _opened.Add(http);
        return http;
    }

    /// <summary>A signing client that speaks this version of HTTP and no other.</summary>
    public AwsClient ClientOver(Version version)
    {
        var http = new HttpClient(new VersionHandler(version, Trust.Guard(new SocketsHttpHandler { UseProxy = false })));
        _opened.Add(http);
        return new AwsClient(http, Endpoint, Region, _ => ValueTask.FromResult(Keys), TimeProvider.System);
    }

    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        _opened.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, Endpoint.Port);
        return client;
    }

    /// <summary>A handshake with these wishes; what the server's certificate is worth is not looked at here.</summary>
    public async Task<SslStream> ShakeHandsAsync(SslProtocols protocols = SslProtocols.None, TlsCipherSuite? only = null, params SslApplicationProtocol[] alpn)
    {
        var client = await ConnectAsync();
        var stream = new SslStream(client.GetStream());
        _opened.Add(stream);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", EnabledSslProtocols = protocols, ApplicationProtocols = [.. alpn],
            CipherSuitesPolicy = !OperatingSystem.IsWindows() && only is { } suite ? new CipherSuitesPolicy([suite]) : null,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        return stream;
    }

    public async ValueTask DisposeAsync()
    {
        _opened.ForEach(one => one.Dispose());
        await _server.DisposeAsync();
    }

    /// <summary>A certificate and its key in PEM form, signed by <paramref name="issuer"/> or by itself.</summary>
    public static (string Certificate, string Key) MakeCertificate(
        string name, AsymmetricAlgorithm key, X509Certificate2? issuer = null, DateTimeOffset? ends = null, string usage = "1.3.6.1.5.5.7.3.1", bool isAuthority = false)
    {
        var subject = new X500DistinguishedName($"CN={name}");
        var request = key is RSA rsa ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }
        var until = ends ?? TimeProvider.System.GetUtcNow().AddDays(30);
        var from = until.AddDays(-60);
        using var made = issuer is null ? request.CreateSelfSigned(from, until) : request.Create(issuer, issuer.NotBefore, until, RandomNumberGenerator.GetBytes(8));
        return (made.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem());
    }

    private sealed class VersionHandler(Version version, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Version = version;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
