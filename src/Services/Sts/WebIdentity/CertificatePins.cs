using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Longspan.Services.Sts.WebIdentity;

/// <summary>
/// Whether an issuer's server is who it says, as IAM decides it: a chain that this machine trusts needs nothing more; any other must contain
/// a certificate whose thumbprint the provider lists, which is how servers with an authority of their own are let in.
/// </summary>
internal static class CertificatePins
{
    public static bool Accept(IReadOnlyList<string> thumbprints, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }
        // A wrong name or no certificate at all is not a question of trust.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || chain is null || thumbprints.Count == 0)
        {
            return false;
        }
        // Nothing but the unknown authority may be wrong: an expired certificate, or one that the next did not sign, stays refused.
        return chain.ChainStatus.All(s => IsUnknownAuthority(s.Status))
            && chain.ChainElements.All(e => e.ChainElementStatus.All(s => IsUnknownAuthority(s.Status)))
            && chain.ChainElements.Any(e => thumbprints.Contains(e.Certificate.Thumbprint, StringComparer.OrdinalIgnoreCase));
    }

    private static bool IsUnknownAuthority(X509ChainStatusFlags status) =>
        (status & ~(X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) == X509ChainStatusFlags.NoError;
}
