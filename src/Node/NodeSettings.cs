using System.Net;

namespace Longspan.Node;

public enum EngineKind
{
    Docker, Fake,
}

/// <summary>When a node asks the registry for an image. Images named by digest are never asked for twice, whatever the choice.</summary>
public enum PullBehavior
{
    /// <summary>Pull; use the cached image when the pull fails.</summary>
    Default,
    /// <summary>Pull; fail when the pull fails.</summary>
    Always,
    /// <summary>Pull only what is not cached.</summary>
    PreferCached,
}

/// <summary>How containers reach the node's metadata and credentials endpoints.</summary>
public enum MetadataAccess
{
    /// <summary><see cref="Redirect"/> when this process may use iptables, else <see cref="Address"/>.</summary>
    Automatic,
    /// <summary>
    /// 169.254.170.2:80 on the containers' bridge is redirected to the listener. AWS SDKs accept credentials over plain HTTP from
    /// this address only (and from loopback), so task roles work in unmodified programs.
    /// </summary>
    Redirect,
    /// <summary>Somebody else makes 169.254.170.2:80 reach the listener.</summary>
    Prepared,
    /// <summary>Containers get the listener's own address. Metadata works; AWS SDKs refuse credentials from there.</summary>
    Address,
}

/// <summary>A hybrid activation: what an external machine joins with, once.</summary>
public sealed record NodeActivation(string Id, string Code)
{
    public override string ToString() => $"activation {Id}";
}

/// <summary>Static keys for capacity that the platform itself owns.</summary>
public sealed record NodeKeys(string AccessKeyId, string SecretAccessKey, string? SessionToken)
{
    public override string ToString() => $"key {AccessKeyId}";
}

/// <summary>Everything that a node needs to know before it starts.</summary>
public sealed record NodeSettings
{
    /// <summary>Unique among the nodes of one engine: it labels their containers apart.</summary>
    public required string Name { get; init; }
    /// <summary>Base URL of the control plane.</summary>
    public required Uri Endpoint { get; init; }
    public required string Region { get; init; }
    public string Cluster { get; init; } = "default";
    /// <summary>Assignment, identity and spools. Created with mode 0700; one node process per folder.</summary>
    public required string StateFolder { get; init; }

    /// <summary>Given for the first start of an external node; ignored once it has registered.</summary>
    public NodeActivation? Activation { get; init; }
    /// <summary>Keys of cloud capacity. Null for external nodes.</summary>
    public NodeKeys? Keys { get; init; }
    /// <summary>AWS shared-credentials file with keys of cloud capacity; read again before each use, so that keys can be replaced.</summary>
    public string? KeysFile { get; init; }
    public string KeysProfile { get; init; } = "default";

    /// <summary>What this machine joins by, or has joined by: its pin, if it has one, is kept and replaces an earlier one.</summary>
    public Identity.JoinToken? JoinToken { get; init; }
    /// <summary>PEM file of the certificates that the server's own must lead to; comes before a pin that was kept.</summary>
    public string? AuthorityFile { get; init; }
    /// <summary>The engine's folder of certificates by registry, for images of the server. Null: it is left alone.</summary>
    public string? RegistryCertificates { get; init; }

    /// <summary>Custom attributes of the container instance, such as <c>site=cloud</c>.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
    /// <summary>CPU units (1024 per core) and MiB to offer; the host's own when null.</summary>
    public int? CpuUnits { get; init; }
    public int? MemoryMib { get; init; }
    /// <summary>Kept back for everything else on the machine, of what it has or of what is named above.</summary>
    public int ReservedCpuUnits { get; init; }
    public int ReservedMemoryMib { get; init; }
    /// <summary>Host ports that are taken already.</summary>
    public IReadOnlyList<int> ReservedPorts { get; init; } = [22, 2375, 2376];

    public EngineKind Engine { get; init; } = EngineKind.Docker;
    public Uri DockerHost { get; init; } = new("unix:///var/run/docker.sock");
    /// <summary>The Docker network that containers of this node join in bridge and awsvpc mode; the engine's default bridge when null.</summary>
    public string? Network { get; init; }
    /// <summary>Host address that published ports are bound to.</summary>
    public string PublishAddress { get; init; } = "0.0.0.0";
    public PullBehavior PullBehavior { get; init; } = PullBehavior.Default;

    /// <summary>Set in every container that does not set it itself: <c>AWS_ENDPOINT_URL</c>.</summary>
    public string? ContainerEndpointUrl { get; init; }
    /// <summary>Further environment defaults of every container.</summary>
    public IReadOnlyDictionary<string, string> ContainerEnvironment { get; init; } = new Dictionary<string, string>();
    /// <summary><c>host:address</c> entries for every container's hosts file.</summary>
    public IReadOnlyList<string> ContainerHosts { get; init; } = [];

    /// <summary>Listener of the metadata and credentials endpoints; the gateway of <see cref="Network"/> with any free port when null.</summary>
    public IPEndPoint? MetadataBind { get; init; }
    public MetadataAccess MetadataAccess { get; init; } = MetadataAccess.Automatic;
    /// <summary>Network namespace of the bridge, for a node that lives in another one: <c>/proc/1/ns/net</c>.</summary>
    public string? BridgeNamespace { get; init; }

    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>
    /// Asked to stop, the node first has its instance drained, and waits for its tasks to end for this long. Null: it stops at once and its
    /// containers run on.
    /// </summary>
    public TimeSpan? DrainLimit { get; init; }
    /// <summary>How long stopped containers are kept for a look before they are removed.</summary>
    public TimeSpan CleanupWait { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>No message for this long means that the link is cut: drop it and dial again. Three missed server heartbeats.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(45);
    /// <summary>Longest pause between two attempts to reach the server.</summary>
    public TimeSpan RetryLimit { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>Bound of the log spool on disk. Reached, new output is dropped and counted until there is room again.</summary>
    public long LogSpoolBytes { get; init; } = 256L * 1024 * 1024;
    /// <summary>A machine that joins by activation, rather than capacity with keys of its own.</summary>
    public bool IsExternal => Activation is not null || (Keys is null && KeysFile is null);
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether the external node of this state folder has registered already, and so needs no activation.</summary>
    public static bool IsRegistered(string stateFolder)
    {
        var path = Path.Combine(stateFolder, Identity.ManagedInstance.FileName);
        return File.Exists(path) && State.StateFolder.Read(path, Identity.IdentityJson.Default.SavedIdentity) is { InstanceId.Length: > 0 };
    }
}

/// <summary>How a node's run ended.</summary>
public enum NodeOutcome
{
    /// <summary>Asked to stop; containers keep running.</summary>
    Stopped,
    /// <summary>The server refused the activation or the registration; starting again cannot help.</summary>
    RegistrationRefused,
    /// <summary>Settings, state folder or engine are not usable.</summary>
    Misconfigured,
}
