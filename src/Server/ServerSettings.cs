using System.Net;
using Longspan.Server.Transport;

namespace Longspan.Server;

/// <summary>What a server is started with. Start-up checks all of it and lists every fault at once.</summary>
public sealed record ServerSettings
{
    public const int DefaultPort = 4566;
    /// <summary>Far above what tools and pipelines do, and a fraction of what a server can: one caller's endless loop leaves the rest to the others.</summary>
    public const int DefaultRateLimit = 2000;
    private const int MaximumRateLimit = 1_000_000;

    /// <summary>Everything durable lives here. One server process per folder.</summary>
    public required string DataFolder { get; init; }
    /// <summary>Addresses to listen on: loopback in plain HTTP, all others over TLS, unless <see cref="InsecureHttp"/> is set.</summary>
    public IReadOnlyList<IPAddress> Bind { get; init; } = [IPAddress.Loopback];
    /// <summary>0 asks for a free port.</summary>
    public int Port { get; init; } = DefaultPort;
    public string AccountId { get; init; } = "123456789012";
    /// <summary>The region written to the profile; any region name is accepted and kept apart.</summary>
    public string Region { get; init; } = "us-east-1";
    /// <summary>Plain HTTP on all addresses. For links that never leave the machine.</summary>
    public bool InsecureHttp { get; init; }
    /// <summary>Program and arguments that tell the key of secret documents, so that it is in no file; null for <c>keys/seal.key</c>.</summary>
    public IReadOnlyList<string>? KeyCommand { get; init; }
    /// <summary>A certificate and the chain above it, in PEM form; read again when it changes. Null: the server is its own authority.</summary>
    public string? TlsCertificateFile { get; init; }
    /// <summary>The key of <see cref="TlsCertificateFile"/>, in PEM form and not encrypted.</summary>
    public string? TlsKeyFile { get; init; }
    /// <summary>Names and addresses by which clients call the server, beside this machine's own. For certificates that the server makes.</summary>
    public IReadOnlyList<string> TlsNames { get; init; } = [];
    /// <summary>How long clients may take, and how many there may be.</summary>
    public TransportLimits Limits { get; init; } = new();
    /// <summary>Unknown keys act as the administrator, and <c>POST /_longspan/reset</c> empties the server. Loopback only.</summary>
    public bool AcceptAnyCredentials { get; init; }
    /// <summary>Refuse what AWS refuses, also where Longspan could serve it: to learn here what would fail there.</summary>
    public bool AwsStrict { get; init; }
    /// <summary>Calls a second that one identity may make of the control plane, twice as many at once; 0 for no limit.</summary>
    public int RateLimit { get; init; } = DefaultRateLimit;
    /// <summary>Ports of this machine that lead to the healthy tasks of a service.</summary>
    public IReadOnlyList<PublishedService> Publish { get; init; } = [];
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether an address is served over TLS. 0.0.0.0 and :: are, with the loopback addresses that they contain.</summary>
    public bool IsEncrypted(IPAddress address) => !InsecureHttp && !IPAddress.IsLoopback(address);

    public IEnumerable<string> Faults()
    {
        if (Port is < 0 or > 65535)
        {
            yield return $"--port {Port} is not a port; use 0 to 65535.";
        }
        if (AccountId.Length != 12 || !AccountId.All(char.IsAsciiDigit))
        {
            yield return $"--account {AccountId} is not an AWS account id; it has twelve digits.";
        }
        var exposed = Bind.Where(address => !IPAddress.IsLoopback(address)).ToArray();
        foreach (var fault in TlsFaults(exposed.Length > 0 && !InsecureHttp))
        {
            yield return fault;
        }
        if (exposed.Length > 0 && AcceptAnyCredentials)
        {
            yield return "--accept-any-credentials is for loopback only.";
        }
        if (RateLimit is < 0 or > MaximumRateLimit)
        {
            yield return $"--rate-limit {RateLimit} is not a number of calls a second; use 0 (no limit) to {MaximumRateLimit}.";
        }
        foreach (var twice in Publish.GroupBy(service => service.Port).Where(group => group.Count() > 1))
        {
            yield return $"--publish names port {twice.Key} more than once.";
        }
    }

    private IEnumerable<string> TlsFaults(bool isUsed)
    {
        if (TlsCertificateFile is null != TlsKeyFile is null)
        {
            yield return "--tls-cert and --tls-key belong together; give both.";
        }
        if (!isUsed && (TlsCertificateFile is not null || TlsNames.Count > 0))
        {
            yield return InsecureHttp
                ? "--insecure-http leaves nothing for --tls-cert and --tls-name to do."
                : "--tls-cert and --tls-name are for addresses beyond loopback; name one with --bind.";
        }
        if (TlsCertificateFile is not null && TlsNames.Count > 0)
        {
            yield return "--tls-name is for certificates that the server makes; the names in the file of --tls-cert are its own.";
        }
        foreach (var name in TlsNames.Where(name => !ServerNames.IsName(name)))
        {
            yield return $"--tls-name {name} is neither a DNS name nor an address.";
        }
    }
}

/// <summary>A front door: <c>PORT=REGION/CLUSTER/SERVICE:CONTAINERPORT</c>.</summary>
public sealed record PublishedService(int Port, string Region, string Cluster, string Service, int ContainerPort)
{
    /// <summary>Parses the command line's spelling; null when it is not one.</summary>
    public static PublishedService? Parse(string text)
    {
        var sides = text.Split('=', 2);
        var path = sides.Length == 2 ? sides[1].Split('/') : [];
        var last = path.Length == 3 ? path[2].Split(':') : [];
        return last.Length == 2 && int.TryParse(sides[0], out var port) && int.TryParse(last[1], out var containerPort)
            && port is > 0 and < 65536 && containerPort is > 0 and < 65536 && path.All(part => part.Length > 0) && last[0].Length > 0
            ? new PublishedService(port, path[0], path[1], last[0], containerPort)
            : null;
    }
}

/// <summary>The settings are unusable. Every fault is listed, so that one start shows them all.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
