using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Longspan.Store.Files;

namespace Longspan.Server.Transport;

/// <summary>
/// The server's own certificate authority: one P-256 key that signs one certificate, the server's. Nodes pin the key, so it stays what it is for
/// as long as its file does; its certificate is signed anew, with the same key and name, long before it ends.
/// <code>
/// keys/authority.pem   the authority's key and certificate, mode 0600
/// keys/server.pem      the server's key and certificate, mode 0600; made again whenever that is needed
/// </code>
/// </summary>
internal sealed class OwnAuthority : CertificateSource
{
    public const string AuthorityFile = "authority.pem";
    public const string ServerFile = "server.pem";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int SerialBytes = 16;
    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan AuthorityRenewal = TimeSpan.FromDays(730);
    public static readonly TimeSpan ServerLife = TimeSpan.FromDays(90);
    public static readonly TimeSpan ServerRenewal = TimeSpan.FromDays(30);
    /// <summary>Clocks of machines that join may be behind this one's.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromDays(1);

    private readonly string _folder;
    private readonly Func<ServerNames> _names;
    private X509Certificate2 _authority;
    private ServerCertificate? _current;

    private OwnAuthority(string folder, Func<ServerNames> names, X509Certificate2 authority) => (_folder, _names, _authority) = (folder, names, authority);

    /// <param name="folder">The folder of keys; it is there already.</param>
    /// <param name="names">Asked again and again: addresses of a machine come and go.</param>
    /// <exception cref="InvalidDataException">The authority's file is damaged. It is never replaced: nodes have pinned what was in it.</exception>
    public static OwnAuthority Open(string folder, Func<ServerNames> names, DateTimeOffset now)
    {
        var path = Path.Combine(folder, AuthorityFile);
        if (File.Exists(path))
        {
            return new OwnAuthority(folder, names, Read(path) ?? throw new InvalidDataException(
                $"{path} is not an authority's key and certificate. Put it back from a backup; if there is none, delete it, and give nodes and clients the new authority."));
        }
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName($"CN=Longspan authority {RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        return new OwnAuthority(folder, names, Keep(path, Certify(name, key, now), key));
    }

    public override ServerCertificate? Next(DateTimeOffset now)
    {
        RenewAuthority(now);
        var names = _names();
        if (_current is { } current && IsRight(current.Leaf, names, now))
        {
            return null;
        }
        var path = Path.Combine(_folder, ServerFile);
        var kept = File.Exists(path) ? Read(path) : null;
        var leaf = kept is not null && kept.IssuerName.RawData.AsSpan().SequenceEqual(_authority.SubjectName.RawData) && IsRight(kept, names, now) && IsSigned(kept)
            ? kept : Issue(path, names, now);
        return _current = ServerCertificate.Of(leaf, [X509CertificateLoader.LoadCertificate(_authority.RawData)]);
    }

    public override void Dispose() => _authority.Dispose();

    private static bool IsRight(X509Certificate2 leaf, ServerNames names, DateTimeOffset now) =>
        leaf.NotAfter.ToUniversalTime() - now > ServerRenewal && leaf.NotBefore.ToUniversalTime() <= now && names.AreIn(leaf);

    private bool IsSigned(X509Certificate2 leaf)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = leaf.NotBefore;
        return chain.Build(leaf);
    }

    private void RenewAuthority(DateTimeOffset now)
    {
        if (_authority.NotAfter.ToUniversalTime() - now > AuthorityRenewal)
        {
            return;
        }
        using var key = _authority.GetECDsaPrivateKey()!;
        _authority = Keep(Path.Combine(_folder, AuthorityFile), Certify(_authority.SubjectName, key, now), key);
        _current = null;
    }

    private static X509Certificate2 Certify(X500DistinguishedName name, ECDsa key, DateTimeOffset now)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(now - Backdated, now + AuthorityLife);
    }

    private X509Certificate2 Issue(string path, ServerNames names, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=Longspan server"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(names.ToExtension());
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        // Positive, and of this length.
        serial[0] = (byte)(serial[0] & 0x7f | 0x40);
        var from = new DateTimeOffset(_authority.NotBefore.ToUniversalTime());
        using var bare = request.Create(_authority, now - Backdated > from ? now - Backdated : from, now + ServerLife, serial);
        return Keep(path, bare, key);
    }

    private static X509Certificate2 Keep(string path, X509Certificate2 certificate, ECDsa key)
    {
        var text = $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n";
        FileSync.WritePrivate(path, Encoding.ASCII.GetBytes(text));
        return X509Certificate2.CreateFromPem(text, text);
    }

    private static X509Certificate2? Read(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            return X509Certificate2.CreateFromPem(text, text);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
