using System.Net;

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
    /// <summary>Addresses to listen on. Loopback only, unless <see cref="InsecureHttp"/> is set.</summary>
    public IReadOnlyList<IPAddress> Bind { get; init; } = [IPAddress.Loopback];
    /// <summary>0 asks for a free port.</summary>
    public int Port { get; init; } = DefaultPort;
    public string AccountId { get; init; } = "123456789012";
    /// <summary>The region written to the profile; any region name is accepted and kept apart.</summary>
    public string Region { get; init; } = "us-east-1";
    /// <summary>Allows plain HTTP on addresses other than loopback. For links that never leave the machine.</summary>
    public bool InsecureHttp { get; init; }
    /// <summary>Program and arguments that tell the key of secret documents, so that it is in no file; null for <c>keys/seal.key</c>.</summary>
    public IReadOnlyList<string>? KeyCommand { get; init; }
    /// <summary>Unknown keys act as the administrator, and <c>POST /_longspan/reset</c> empties the server. Loopback only.</summary>
    public bool AcceptAnyCredentials { get; init; }
    /// <summary>Refuse what AWS refuses, also where Longspan could serve it: to learn here what would fail there.</summary>
    public bool AwsStrict { get; init; }
    /// <summary>Calls a second that one identity may make of the control plane, twice as many at once; 0 for no limit.</summary>
    public int RateLimit { get; init; } = DefaultRateLimit;
    /// <summary>Ports of this machine that lead to the healthy tasks of a service.</summary>
    public IReadOnlyList<PublishedService> Publish { get; init; } = [];
    public TimeProvider Clock { get; init; } = TimeProvider.System;

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
        if (exposed.Length > 0 && !InsecureHttp)
        {
            yield return $"--bind {exposed[0]} would speak plain HTTP beyond loopback. Add --insecure-http if that link never leaves this machine.";
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
