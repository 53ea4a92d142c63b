namespace Longspan.Node.Engines;

/// <summary>
/// What the node needs from whatever runs containers. Two implementations: a Docker engine, and a fake that keeps everything in memory.
/// <para>
/// Guarantees. Every container created through an engine carries <see cref="EngineLabels.Node"/>, and <see cref="ListAsync"/> and
/// <see cref="WatchAsync"/> show containers of this node only: several nodes may share one engine without seeing each other.
/// Names are the caller's and stable: creating a container whose name exists fails with <see cref="EngineFault.Conflict"/>, so a caller
/// that crashed between creating and saving finds its container again. Events are hints: they may be missed (after which
/// <see cref="EngineEventKind.Resync"/> is sent) and say only what to look at; <see cref="InspectAsync"/> is the truth.
/// Failures are <see cref="EngineException"/> with the engine's own text.
/// </para>
/// </summary>
public abstract class ContainerEngine : IAsyncDisposable
{
    public abstract Task<EngineDescription> DescribeAsync(CancellationToken stop);

    /// <summary>The local image, or null.</summary>
    public abstract Task<ImageView?> InspectImageAsync(string image, CancellationToken stop);

    /// <summary>Makes <see cref="PauseImage"/> when it is not there.</summary>
    public abstract Task MakePauseImageAsync(CancellationToken stop);

    public abstract Task PullAsync(string image, RegistryLogin? login, CancellationToken stop);

    /// <returns>The new container's id.</returns>
    public abstract Task<string> CreateAsync(ContainerPlan plan, CancellationToken stop);

    public abstract Task StartAsync(string id, CancellationToken stop);

    /// <summary>Asks the container to end, kills it after the grace period, and returns when it has ended. Done if it already had.</summary>
    public abstract Task StopAsync(string id, TimeSpan grace, CancellationToken stop);

    /// <summary>Removes a container and its anonymous volumes, running or not. Done if it does not exist.</summary>
    public abstract Task RemoveAsync(string id, CancellationToken stop);

    /// <summary>By id or name; null if there is none.</summary>
    public abstract Task<ContainerView?> InspectAsync(string idOrName, CancellationToken stop);

    public abstract Task<IReadOnlyList<ContainerListing>> ListAsync(CancellationToken stop);

    /// <summary>Endless; reconnects by itself and says so with <see cref="EngineEventKind.Resync"/>.</summary>
    public abstract IAsyncEnumerable<EngineEvent> WatchAsync(CancellationToken stop);

    /// <summary>Output after <paramref name="since"/>, followed until the container ends.</summary>
    public abstract IAsyncEnumerable<OutputLine> ReadOutputAsync(string id, DateTimeOffset? since, CancellationToken stop);

    /// <summary>A momentary reading, or null when the container does not run.</summary>
    public abstract Task<UsageReading?> ReadUsageAsync(string id, CancellationToken stop);

    /// <summary>The engine's own statistics object in JSON, or null.</summary>
    public abstract Task<string?> ReadRawStatsAsync(string id, CancellationToken stop);

    public abstract Task CreateVolumeAsync(VolumePlan plan, CancellationToken stop);

    public abstract Task<bool> VolumeExistsAsync(string name, CancellationToken stop);

    public abstract Task RemoveVolumeAsync(string name, CancellationToken stop);

    /// <summary>The network, or null if there is none of that name.</summary>
    public abstract Task<NetworkView?> InspectNetworkAsync(string name, CancellationToken stop);

    public abstract ValueTask DisposeAsync();
}

/// <summary>Labels on everything that a node makes.</summary>
public static class EngineLabels
{
    public const string Node = "longspan.node";
    public const string TaskArn = "com.amazonaws.ecs.task-arn";
    public const string ContainerName = "com.amazonaws.ecs.container-name";
    public const string Family = "com.amazonaws.ecs.task-definition-family";
    public const string Version = "com.amazonaws.ecs.task-definition-version";
    public const string Cluster = "com.amazonaws.ecs.cluster";
}

public enum EngineFault
{
    Other, NotFound, ImageNotFound, Conflict, Timeout, Unreachable, Denied,
}

/// <summary>An engine's refusal or failure: an ordinary outcome for the node, reported as the container's reason.</summary>
public sealed class EngineException(EngineFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public EngineFault Fault { get; } = fault;
}
