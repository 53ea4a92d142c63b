using System.Runtime.Versioning;
using Longspan.Cli.Embedded;
using Xunit;

// Network namespaces and engines: what these tests hold on to is Linux.
[assembly: SupportedOSPlatform("linux")]

namespace Longspan.System.Tests.Embedded;

/// <summary>A test on a whole embedded run. It needs root for its network namespaces; without it, it is skipped and says so.</summary>
internal class EmbeddedFactAttribute : FactAttribute
{
    public EmbeddedFactAttribute() => Skip = Obstacle.Value;

    /// <summary>Why there can be no embedded run here, or null.</summary>
    public static Lazy<string?> Obstacle { get; } = new(() =>
        !Environment.IsPrivilegedProcess ? "network namespaces need root" :
        new[] { "docker", "dockerd", "ip", "nsenter", "iptables" }.FirstOrDefault(program => !Tool.Exists(program)) is { } missing ? $"no {missing} on this machine" : null);
}

/// <summary>The same, with arguments.</summary>
internal sealed class EmbeddedTheoryAttribute : TheoryAttribute
{
    public EmbeddedTheoryAttribute() => Skip = EmbeddedFactAttribute.Obstacle.Value;
}

/// <summary>The same, with a browser.</summary>
internal sealed class BrowserFactAttribute : EmbeddedFactAttribute
{
    public const string Chromium = "/usr/bin/chromium";

    public BrowserFactAttribute() => Skip ??= File.Exists(Chromium) ? null : $"no {Chromium} on this machine";
}
