using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Longspan.Server.Transport;

/// <summary>A certificate in use, with its key and chain. Never changed: connections that began with it end with it.</summary>
/// <param name="Authority">PEM of what clients have to trust. Null when the chain ends below its root, as those of public authorities do.</param>
internal sealed record ServerCertificate(SslStreamCertificateContext Context, DateTimeOffset NotAfter, string? Authority)
{
    public X509Certificate2 Leaf => Context.TargetCertificate;

    /// <param name="chain">The certificates above the leaf, from the one that signed it upwards.</param>
    public static ServerCertificate Of(X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        var top = chain.Count > 0 ? chain[^1] : leaf;
        return new ServerCertificate(
            SslStreamCertificateContext.Create(leaf, chain, offline: true), leaf.NotAfter.ToUniversalTime(),
            top.SubjectName.RawData.AsSpan().SequenceEqual(top.IssuerName.RawData) ? top.ExportCertificatePem() + "\n" : null);
    }

    public override string ToString() => $"certificate {Leaf.SerialNumber} until {NotAfter:u}";
}

/// <summary>Where the server's certificate comes from.</summary>
internal abstract class CertificateSource : IDisposable
{
    /// <summary>A certificate to use from now on, or null when the last one is still right.</summary>
    /// <exception cref="InvalidDataException">There is a new one, and it is of no use; the message says why. Said once for each.</exception>
    public abstract ServerCertificate? Next(DateTimeOffset now);

    public abstract void Dispose();
}
