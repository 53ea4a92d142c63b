using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Longspan.Server.Transport;

/// <summary>The names and addresses by which clients may call this server: what a certificate of ours is made out to.</summary>
internal sealed class ServerNames
{
    private ServerNames(IEnumerable<string> dns, IEnumerable<IPAddress> addresses)
    {
        Dns = [.. dns.Select(name => name.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal)];
        Addresses = [.. addresses.Distinct().OrderBy(address => address.ToString(), StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> Dns { get; }
    public IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>This machine's names, what the server is bound to, and what it was told. An address that stands for all of them counts as each.</summary>
    public static ServerNames Of(IEnumerable<IPAddress> bound, IEnumerable<string> told)
    {
        var names = new List<string> { "localhost" };
        var addresses = new List<IPAddress> { IPAddress.Loopback, IPAddress.IPv6Loopback };
        // The kernel's name of this machine may hold what DNS does not allow.
        foreach (var name in told.Append(Environment.MachineName).Where(IsName))
        {
            if (IPAddress.TryParse(name, out var address))
            {
                addresses.Add(address);
            }
            else
            {
                names.Add(name);
            }
        }
        foreach (var address in bound)
        {
            addresses.AddRange(address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? OfThisMachine(address.AddressFamily) : [address]);
        }
        return new ServerNames(names, addresses.Select(WithoutScope));
    }

    /// <summary>An address, a DNS name, or a DNS name with <c>*</c> in place of its first label.</summary>
    public static bool IsName(string text) =>
        IPAddress.TryParse(text, out _)
        || text.Length is > 0 and <= 253
        && (text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text).Split('.').All(label =>
            label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));

    public X509Extension ToExtension()
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in Dns)
        {
            builder.AddDnsName(name);
        }
        foreach (var address in Addresses)
        {
            builder.AddIpAddress(address);
        }
        return builder.Build();
    }

    public bool AreIn(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SingleOrDefault();
        return names is not null && !Dns.Except(names.EnumerateDnsNames()).Any() && !Addresses.Except(names.EnumerateIPAddresses()).Any();
    }

    // Dual-stack sockets answer the addresses of both families.
    private static IEnumerable<IPAddress> OfThisMachine(AddressFamily family) =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(face => face.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)
            .Where(address => !address.IsIPv6LinkLocal && (family == AddressFamily.InterNetworkV6 || address.AddressFamily == family));

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
}
