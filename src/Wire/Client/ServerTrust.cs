using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Longspan.Wire.Client;

/// <summary>Finds the certificates that a server's own must lead to. Asked before the first connection, and before the next when it failed.</summary>
public delegate ValueTask<X509Certificate2Collection> AuthoritySource(CancellationToken stop);

/// <summary>
/// Whom a client takes for its server: whomever the machine's trust store vouches for, or only the holders of certificates that lead to named
/// ones. The latter never falls back to the former, nor to plain HTTP. No trust store is read or changed for it.
/// </summary>
public sealed class ServerTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int MaximumFileBytes = 1024 * 1024;
    private const int Told = 3;

    private readonly AuthoritySource? _source;
    private readonly TimeProvider _time = TimeProvider.System;
    private X509Certificate2Collection? _authorities;

    private ServerTrust(AuthoritySource? source, X509Certificate2Collection? authorities) => (_source, _authorities) = (source, authorities);

    /// <summary>The machine's trust store decides.</summary>
    public static ServerTrust Machine { get; } = new(null, null);

    public static ServerTrust Only(X509Certificate2Collection authorities) => new(null, authorities);

    public static ServerTrust Only(AuthoritySource source) => new(source, null);

    /// <exception cref="InvalidDataException">There is no readable certificate in it.</exception>
    public static ServerTrust FromFile(string path) => Only(ReadAuthorities(path));

    /// <summary>False where plain HTTP is as good as the machine's trust store: nobody said whom to trust.</summary>
    public bool IsNamed => _source is not null || _authorities is not null;

    /// <exception cref="InvalidDataException">There is no readable certificate in it.</exception>
    public static X509Certificate2Collection ReadAuthorities(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaximumFileBytes ? Parse(File.ReadAllText(path), path)
                : throw new InvalidDataException($"{path} is larger than any list of certificates.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <param name="origin">Where the text is from, for the message.</param>
    /// <exception cref="InvalidDataException">There is no readable certificate in it.</exception>
    public static X509Certificate2Collection Parse(string pem, string origin)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException($"{origin} has a certificate that cannot be read: {e.Message}", e);
        }
        return found.Count > 0 ? found : throw new InvalidDataException($"{origin} has no certificate in PEM form.");
    }

    /// <summary>A handler that connects only to servers that this trusts, and whose failures say why one is not.</summary>
    public HttpMessageHandler Guard(SocketsHttpHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handler.SslOptions.RemoteCertificateValidationCallback = Check;
        return new GuardedHandler(this, handler);
    }

    /// <summary>Before a connection to <paramref name="server"/> is made: makes sure that this knows whom to trust, and that there is something to check.</summary>
    public async ValueTask ReadyAsync(Uri server, CancellationToken stop)
    {
        if (!IsNamed)
        {
            return;
        }
        if (server.Scheme is not ("https" or "wss"))
        {
            throw new HttpRequestException(
                HttpRequestError.SecureConnectionError,
                $"{server.GetLeftPart(UriPartial.Authority)} is plain HTTP, and this client was told whose certificate to expect. Use the https address of the server.");
        }
        if (Volatile.Read(ref _authorities) is null)
        {
            // Several at once may ask; all of them find the same.
            Volatile.Write(ref _authorities, await _source!(stop));
        }
    }

    /// <summary>The reason why a connection was refused, if that is what a failure is about.</summary>
    public static UntrustedServerException? RefusalIn(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is UntrustedServerException refusal)
            {
                return refusal;
            }
        }
        return null;
    }

    /// <summary>The check of a TLS handshake. It throws instead of answering no, because only the exception can carry a reason.</summary>
    public bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var name = (sender as SslStream)?.TargetHostName is { Length: > 0 } host ? host : "the server";
        if (certificate is null)
        {
            throw new UntrustedServerException($"{name} has shown no certificate.");
        }
        var leaf = certificate as X509Certificate2 ?? X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        if (Volatile.Read(ref _authorities) is not { } authorities)
        {
            return !IsNamed && errors == SslPolicyErrors.None ? true : throw new UntrustedServerException(
                $"This machine does not trust the certificate of {name} ({Words(errors, chain)}). Give a node a join token ('longspan join-token create' "
                + "makes one), and other clients the certificate of the server's authority, ca.pem in its data folder: --ca FILE, or AWS_CA_BUNDLE.");
        }
        var pins = authorities.Select(PublicKeyPin.Of).ToArray();
        if (pins.Contains(PublicKeyPin.Of(leaf)))
        {
            // The server's own key is what was named: its names do not matter, its dates do.
            Require(leaf, [leaf], null, name, pins);
            return true;
        }
        Require(leaf, authorities, chain, name, pins);
        return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? true : throw new UntrustedServerException(
            $"The server's certificate is not one for {name}, but for {Names(leaf)}. Use one of those names, or start the server with --tls-name {name}.");
    }

    private void Require(X509Certificate2 leaf, X509Certificate2Collection authorities, X509Chain? presented, string name, PublicKeyPin[] pins)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (presented is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }
        if (chain.Build(leaf))
        {
            return;
        }
        var faults = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        throw new UntrustedServerException(
            (faults & ~X509ChainStatusFlags.NotTimeValid) == X509ChainStatusFlags.NoError
                ? $"The certificate of {name} is valid from {leaf.NotBefore.ToUniversalTime():u} to {leaf.NotAfter.ToUniversalTime():u}, and this machine's clock says {_time.GetUtcNow():u}. "
                    + "Set the clock right, or renew the certificate."
                : $"The certificate of {name} does not lead to a key that this client trusts ({Some(pins)}; {faults}). Either something else answers in "
                    + "the server's place, or the server has a new authority: then make a new join token there ('longspan join-token create') and start the node with it, "
                    + "and give other clients its new ca.pem.");
    }

    // A bundle of a whole machine has more than a hundred.
    private static string Some(PublicKeyPin[] pins) => pins.Length <= Told ? string.Join(", ", pins.AsEnumerable()) : $"one of {pins.Length}";

    private static string Words(SslPolicyErrors errors, X509Chain? chain) =>
        errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && chain is { ChainStatus.Length: > 0 }
            ? string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct())
            : errors.ToString();

    private static string Names(X509Certificate2 leaf)
    {
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))).ToArray();
        return names.Length == 0 ? leaf.Subject : string.Join(", ", names);
    }

    private sealed class GuardedHandler(ServerTrust trust, SocketsHttpHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await trust.ReadyAsync(request.RequestUri!, cancellationToken);
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException failure) when (RefusalIn(failure) is { } refusal)
            {
                throw new HttpRequestException(HttpRequestError.SecureConnectionError, refusal.Message, refusal);
            }
        }
    }
}

/// <summary>The other side is not, or not provably, the server that was meant. The message says what to do about it.</summary>
public sealed class UntrustedServerException(string message) : AuthenticationException(message);
