using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Longspan.Server.Transport;

/// <summary>
/// A certificate and key in PEM files that somebody else keeps up to date. The files are compared by content, because tools that renew
/// certificates replace files, move links and restore dates, each in its own way.
/// </summary>
internal sealed class GivenCertificate(string certificateFile, string keyFile) : CertificateSource
{
    private const int MaximumFileBytes = 1024 * 1024;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private byte[] _seen = [];

    public override ServerCertificate? Next(DateTimeOffset now)
    {
        var certificate = Read(certificateFile);
        var key = Read(keyFile);
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{certificate.Length} {certificate}{key}"));
        if (digest.AsSpan().SequenceEqual(_seen))
        {
            return null;
        }
        _seen = digest;
        var found = Parse(certificate, key);
        if (found.NotAfter <= now || found.Leaf.NotBefore.ToUniversalTime() > now)
        {
            throw new InvalidDataException($"{certificateFile} is valid from {found.Leaf.NotBefore.ToUniversalTime():u} to {found.NotAfter:u}, which is not now.");
        }
        return found;
    }

    public override void Dispose()
    {
        // The certificates belong to the connections that use them.
    }

    private ServerCertificate Parse(string certificate, string key)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(certificate);
            if (all.Count == 0)
            {
                throw new InvalidDataException($"{certificateFile} has no certificate in PEM form.");
            }
            var leaf = X509Certificate2.CreateFromPem(certificate, key);
            if (leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().SingleOrDefault() is { } usage
                && !usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == ServerAuthentication))
            {
                throw new InvalidDataException($"{certificateFile} is not a certificate for servers: its extended key usage lacks serverAuth.");
            }
            return ServerCertificate.Of(leaf, [.. all.Skip(1)]);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // A key that does not belong to the certificate is the common case: the two files are not replaced at the same moment.
            throw new InvalidDataException($"{certificateFile} and {keyFile} are not a certificate and its key in PEM form: {e.Message}", e);
        }
    }

    private static string Read(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaximumFileBytes ? File.ReadAllText(path) : throw new InvalidDataException($"{path} is too large for a PEM file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
