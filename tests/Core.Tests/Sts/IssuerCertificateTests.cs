using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Longspan.Core.Tests.Access;
using Longspan.Services.Sts.WebIdentity;
using Xunit;

namespace Longspan.Core.Tests.Sts;

/// <summary>Issuers with an authority of their own, as on premises: the thumbprint lets them in, and nothing that only looks like it.</summary>
public sealed class IssuerCertificateTests
{
    [Fact]
    public async Task AnAuthorityOfItsOwnIsLetInByItsThumbprint()
    {
        using var authority = Authority("CN=Own CA");
        using var server = Server(authority, "localhost");
        await using var issuer = await OidcIssuer.StartAsync(server, [authority]);
        await using var cloud = await AccessCloud.StartAsync();
        await WebIdentityTests.SetUpAsync(cloud, issuer, authority.Thumbprint);
        await WebIdentityTests.AssumeAsync(cloud, issuer.Token(cloud.Clock.GetUtcNow()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutItsThumbprintItIsNot(bool another)
    {
        using var authority = Authority("CN=Own CA");
        using var server = Server(authority, "localhost");
        await using var issuer = await OidcIssuer.StartAsync(server, [authority]);
        await using var cloud = await AccessCloud.StartAsync();
        await WebIdentityTests.SetUpAsync(cloud, issuer, another ? [new string('a', 40)] : []);
        await WebIdentityTests.RefusedAsync("InvalidIdentityTokenException", cloud, issuer.Token(cloud.Clock.GetUtcNow()));
    }

    [Fact]
    public async Task ACertificateForAnotherNameIsRefusedWhoeverSignedIt()
    {
        using var authority = Authority("CN=Own CA");
        using var server = Server(authority, "gitlab.example.com");
        await using var issuer = await OidcIssuer.StartAsync(server, [authority]);
        await using var cloud = await AccessCloud.StartAsync();
        await WebIdentityTests.SetUpAsync(cloud, issuer, authority.Thumbprint);
        await WebIdentityTests.RefusedAsync("InvalidIdentityTokenException", cloud, issuer.Token(cloud.Clock.GetUtcNow()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheAuthoritysCertificateBesideAForgedOneProvesNothing(bool forged)
    {
        using var authority = Authority("CN=Own CA");
        // Same name and key identifier, another key: the real authority's certificate can be sent along, but it did not sign this.
        using var impostor = Authority("CN=Own CA", authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single());
        using var server = Server(forged ? impostor : authority, "localhost");
        using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.ExtraStore.Add(authority);
        Assert.False(chain.Build(server));
        Assert.Equal(!forged, CertificatePins.Accept([authority.Thumbprint], chain, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(CertificatePins.Accept([], chain, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(CertificatePins.Accept([authority.Thumbprint], chain, SslPolicyErrors.RemoteCertificateNameMismatch));
    }

    /// <summary>An authority below a root that nobody here knows: servers send such a certificate along, and never the root's.</summary>
    private static X509Certificate2 Authority(string name, X509SubjectKeyIdentifierExtension? identifier = null)
    {
        using var rootKey = RSA.Create(2048);
        var rootRequest = new CertificateRequest("CN=Own root", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(identifier ?? new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var signed = request.Create(root, root.NotBefore, root.NotAfter, RandomNumberGenerator.GetBytes(8));
        return Portable(signed.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 Server(X509Certificate2 authority, string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8));
        return Portable(signed.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 Portable(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
        }
    }
}
