using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Longspan.Server;
using Longspan.Server.Transport;
using Longspan.Support;
using Longspan.Wire.Client;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Longspan.Core.Tests.Server;

/// <summary>Where the server's certificate comes from over the years, and that a bad file never replaces a good one.</summary>
public sealed class CertificateTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-certificates-");
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private readonly Kept _log = new();

    private string CertificateFile => Path.Combine(_folder.FullName, "cert.pem");
    private string KeyFile => Path.Combine(_folder.FullName, "key.pem");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_servers_certificate_is_renewed_a_month_before_it_ends_and_the_authority_with_the_same_key()
    {
        using var source = OwnAuthority.Open(_folder.FullName, () => ServerNames.Of([], ["a.example"]), _clock.GetUtcNow());
        var first = source.Next(_clock.GetUtcNow())!;
        using var authority = X509Certificate2.CreateFromPem(first.Authority);
        Assert.Null(source.Next(_clock.GetUtcNow()));
        _clock.Advance(OwnAuthority.ServerLife - OwnAuthority.ServerRenewal - TimeSpan.FromHours(1));
        Assert.Null(source.Next(_clock.GetUtcNow()));
        _clock.Advance(TimeSpan.FromHours(2));
        var second = source.Next(_clock.GetUtcNow())!;
        Assert.Equal(first.Authority, second.Authority);
        Assert.True(second.NotAfter - first.NotAfter > TimeSpan.FromDays(50));
        Assert.NotEqual(first.Leaf.PublicKey.ExportSubjectPublicKeyInfo(), second.Leaf.PublicKey.ExportSubjectPublicKeyInfo());

        for (var years = 0; years < 30; years++)
        {
            _clock.Advance(TimeSpan.FromDays(365));
            var next = source.Next(_clock.GetUtcNow())!;
            using var now = X509Certificate2.CreateFromPem(next.Authority);
            Assert.Equal(PublicKeyPin.Of(authority), PublicKeyPin.Of(now));
            Assert.True(now.NotAfter >= next.Leaf.NotAfter && now.NotBefore <= next.Leaf.NotBefore);
            Assert.True(LeadsTo(next.Leaf, now, _clock.GetUtcNow()));
        }
        // Who kept the first certificate of the authority trusts what it signs until that one ends.
        Assert.True(LeadsTo(second.Leaf, authority, second.Leaf.NotBefore.AddDays(1)));
    }

    [Fact]
    public void A_name_that_is_new_on_this_machine_gets_a_certificate_at_once_and_one_that_goes_does_not()
    {
        string[] names = ["a.example"];
        using var source = OwnAuthority.Open(_folder.FullName, () => ServerNames.Of([], names), _clock.GetUtcNow());
        source.Next(_clock.GetUtcNow());
        names = ["a.example", "b.example"];
        Assert.True(source.Next(_clock.GetUtcNow())!.Leaf.MatchesHostname("b.example"));
        names = ["b.example"];
        Assert.Null(source.Next(_clock.GetUtcNow()));
    }

    [Fact]
    public void An_authority_that_cannot_be_read_is_never_replaced()
    {
        var path = Path.Combine(_folder.FullName, OwnAuthority.AuthorityFile);
        File.WriteAllText(path, "-----BEGIN CERTIFICATE-----");
        Assert.Throws<InvalidDataException>(() => OwnAuthority.Open(_folder.FullName, () => ServerNames.Of([], []), _clock.GetUtcNow()));
        Assert.Equal("-----BEGIN CERTIFICATE-----", File.ReadAllText(path));
    }

    [Fact]
    public void A_certificate_of_another_authority_in_our_place_is_replaced()
    {
        var other = Directory.CreateDirectory(Path.Combine(_folder.FullName, "other")).FullName;
        using (var theirs = OwnAuthority.Open(other, () => ServerNames.Of([], []), _clock.GetUtcNow()))
        {
            theirs.Next(_clock.GetUtcNow());
        }
        File.Copy(Path.Combine(other, OwnAuthority.ServerFile), Path.Combine(_folder.FullName, OwnAuthority.ServerFile));
        using var ours = OwnAuthority.Open(_folder.FullName, () => ServerNames.Of([], []), _clock.GetUtcNow());
        var made = ours.Next(_clock.GetUtcNow())!;
        using var authority = X509Certificate2.CreateFromPem(made.Authority);
        Assert.True(LeadsTo(made.Leaf, authority, _clock.GetUtcNow()));
    }

    [Fact]
    public async Task What_is_of_no_use_never_replaces_what_works_and_is_said_once()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var good = TlsSite.MakeCertificate("good.example", key);
        Place(good);
        await using var certificates = ServerCertificates.Open(Settings(), _log);
        var before = certificates.Current;

        (string What, string Certificate, string Key)[] bad =
        [
            ("half a file", good.Certificate[..200], good.Key),
            ("another key", good.Certificate, other.ExportPkcs8PrivateKeyPem()),
            ("ended", TlsSite.MakeCertificate("old.example", key, ends: _clock.GetUtcNow().AddMinutes(-1)).Certificate, good.Key),
            ("not begun", TlsSite.MakeCertificate("early.example", key, ends: _clock.GetUtcNow().AddDays(61)).Certificate, good.Key),
            ("for clients", TlsSite.MakeCertificate("client.example", key, usage: "1.3.6.1.5.5.7.3.2").Certificate, good.Key),
        ];
        foreach (var (what, certificate, secret) in bad)
        {
            Place((certificate, secret));
            _log.Lines.Clear();
            certificates.Look();
            certificates.Look();
            Assert.True(ReferenceEquals(before, certificates.Current), what);
            Assert.True(_log.Lines.Count == 1 && _log.Lines[0].Contains("stays in use", StringComparison.Ordinal), $"{what}: {string.Join(';', _log.Lines)}");
            Assert.DoesNotContain("PRIVATE", _log.Lines[0], StringComparison.Ordinal);
        }
        File.Delete(CertificateFile);
        certificates.Look();
        Assert.True(ReferenceEquals(before, certificates.Current), "gone");

        Place(TlsSite.MakeCertificate("next.example", other));
        certificates.Look();
        Assert.True(certificates.Current.Leaf.MatchesHostname("next.example"));
    }

    [Fact]
    public void A_server_does_not_begin_with_a_certificate_that_is_of_no_use()
    {
        Assert.Throws<InvalidDataException>(() => ServerCertificates.Open(Settings(), _log));
        Place(("x", "y"));
        Assert.Throws<InvalidDataException>(() => ServerCertificates.Open(Settings(), _log));
    }

    [Fact]
    public async Task The_published_authority_follows_the_certificate()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = TlsSite.MakeCertificate("root", rootKey, isAuthority: true);
        using var issuer = X509Certificate2.CreateFromPem(root.Certificate, root.Key);
        var leaf = TlsSite.MakeCertificate("a.example", key, issuer, issuer.NotAfter);
        Place((leaf.Certificate + root.Certificate, leaf.Key));
        await using var certificates = ServerCertificates.Open(Settings(), _log);
        var published = Path.Combine(_folder.FullName, ServerCertificates.AuthorityFile);
        Assert.Equal(root.Certificate, await File.ReadAllTextAsync(published));
        // A chain without its root says nothing that clients could be told to trust.
        Place(leaf);
        certificates.Look();
        Assert.False(File.Exists(published));
    }

    [Fact]
    public async Task A_changed_file_is_used_for_new_connections_while_old_ones_go_on()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Place(TlsSite.MakeCertificate("localhost", key));
        await using var site = await TlsSite.StartAsync(_folder, settings => settings with { TlsCertificateFile = CertificateFile, TlsKeyFile = KeyFile, Clock = _clock });
        var old = await site.ShakeHandsAsync();
        Assert.Equal("CN=localhost", old.RemoteCertificate!.Subject);
        Place(TlsSite.MakeCertificate("second.example", key));
        using var late = new CancellationTokenSource(Deadline);
        while ((await site.ShakeHandsAsync()).RemoteCertificate!.Subject != "CN=second.example")
        {
            Assert.False(late.IsCancellationRequested, "the new certificate was not taken");
            _clock.Advance(TimeSpan.FromSeconds(10));
        }
        await old.WriteAsync("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(old);
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync());
    }

    private ServerSettings Settings() => new() { DataFolder = _folder.FullName, TlsCertificateFile = CertificateFile, TlsKeyFile = KeyFile, Clock = _clock };

    private void Place((string Certificate, string Key) pem)
    {
        File.WriteAllText(CertificateFile, pem.Certificate);
        File.WriteAllText(KeyFile, pem.Key);
    }

    private static bool LeadsTo(X509Certificate2 leaf, X509Certificate2 authority, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        return chain.Build(leaf);
    }

    private sealed class Kept : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
