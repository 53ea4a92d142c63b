using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Longspan.Node.Engines.Fake;

/// <summary>How containers of an image behave. The default is one that starts at once and runs until it is stopped.</summary>
public sealed record FakeImage
{
    public TimeSpan PullTime { get; init; }
    public string? PullError { get; init; }
    public EngineFault PullFault { get; init; } = EngineFault.ImageNotFound;
    public bool Cached { get; init; } = true;
    public string? CreateError { get; init; }
    public string? StartError { get; init; }
    /// <summary>The container ends by itself after this long, with <see cref="ExitCode"/>.</summary>
    public TimeSpan? RunTime { get; init; }
    public int ExitCode { get; init; }
    /// <summary>It has a health check and becomes healthy after this long.</summary>
    public TimeSpan? HealthyAfter { get; init; }
    /// <summary>Whether a stop request ends it; if not, the grace period passes and it is killed.</summary>
    public bool HeedsStop { get; init; } = true;
}

/// <summary>
/// An engine without containers: everything lives in memory and follows a script per image. A supported mode of the node
/// (<c>--engine fake</c>) and the base of scheduling and fleet tests. Several nodes may share one instance through
/// <see cref="ForNode"/>, as they may share a Docker engine.
/// </summary>
public sealed class FakeEngine : ContainerEngine
{
    private const int MaxPendingEvents = 4096;
    private readonly FakeWorld _world;
    private readonly string _node;

    public FakeEngine(string node, TimeProvider time)
        : this(node, new FakeWorld(time))
    {
    }

    private FakeEngine(string node, FakeWorld world)
    {
        _node = node;
        _world = world;
    }

    public FakeEngine ForNode(string node) => new(node, _world);

    /// <summary>While true, every call fails as if the engine was away.</summary>
    public bool IsDown
    {
        get => _world.IsDown;
        set => _world.IsDown = value;
    }

    public int PullCount => _world.PullCount;

    /// <summary>What the last pull was given.</summary>
    public RegistryLogin? LastLogin { get; private set; }

    public int CreateCount => _world.CreateCount;

    /// <summary>What a container was made from.</summary>
    public ContainerPlan PlanOf(string idOrName) => _world.Get(idOrName).Plan;

    public void Script(string image, FakeImage behaviour) => _world.Images[image] = behaviour;

    /// <summary>Ends a running container as if its process had exited.</summary>
    public void Exit(string idOrName, int code, bool oomKilled = false) => _world.Exit(idOrName, code, oomKilled);

    public void SetHealth(string idOrName, HealthState health) => _world.SetHealth(idOrName, health);

    public void Write(string idOrName, string line) => _world.Write(idOrName, line);

    /// <summary>As a power cut: every container is ended, nobody is told.</summary>
    public void LosePower() => _world.LosePower();

    public override Task<EngineDescription> DescribeAsync(CancellationToken stop)
    {
        _world.Check();
        return Task.FromResult(new EngineDescription("fake", System.Environment.ProcessorCount, 8L << 30, "x86_64"));
    }

    public override Task<ImageView?> InspectImageAsync(string image, CancellationToken stop)
    {
        _world.Check();
        var found = _world.Images.GetValueOrDefault(image) ?? new FakeImage();
        return Task.FromResult(found.Cached || _world.Pulled.ContainsKey(image) ? new ImageView($"sha256:{image}", null) : null);
    }

    public override Task MakePauseImageAsync(CancellationToken stop)
    {
        _world.Pulled[PauseImage.Name] = true;
        return Task.CompletedTask;
    }

    public override async Task PullAsync(string image, RegistryLogin? login, CancellationToken stop)
    {
        _world.Check();
        Interlocked.Increment(ref _world.PullCount);
        LastLogin = login;
        var script = _world.Images.GetValueOrDefault(image) ?? new FakeImage();
        if (script.PullTime > TimeSpan.Zero)
        {
            await Task.Delay(script.PullTime, _world.Time, stop);
        }
        if (script.PullError is { } error)
        {
            throw new EngineException(script.PullFault, error);
        }
        _world.Pulled[image] = true;
    }

    public override Task<string> CreateAsync(ContainerPlan plan, CancellationToken stop) => Task.FromResult(_world.Create(plan, _node));

    public override Task StartAsync(string id, CancellationToken stop)
    {
        _world.Start(id);
        return Task.CompletedTask;
    }

    public override async Task StopAsync(string id, TimeSpan grace, CancellationToken stop)
    {
        var container = _world.Get(id);
        if (container.Phase == ContainerPhase.Running && !container.Image.HeedsStop)
        {
            await Task.Delay(grace, _world.Time, stop);
            _world.Exit(id, 137, false);
        }
        else
        {
            _world.Exit(id, 143, false);
        }
    }

    public override Task RemoveAsync(string id, CancellationToken stop)
    {
        _world.Remove(id);
        return Task.CompletedTask;
    }

    public override Task<ContainerView?> InspectAsync(string idOrName, CancellationToken stop)
    {
        _world.Check();
        return Task.FromResult(_world.Find(idOrName)?.View());
    }

    public override Task<IReadOnlyList<ContainerListing>> ListAsync(CancellationToken stop)
    {
        _world.Check();
        return Task.FromResult<IReadOnlyList<ContainerListing>>([.. _world.All.Where(c => c.Node == _node)
            .Select(c => new ContainerListing(c.Id, c.Name, c.Phase, c.Labels))]);
    }

    public override async IAsyncEnumerable<EngineEvent> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        var channel = Channel.CreateBounded<EngineEvent>(
            new BoundedChannelOptions(MaxPendingEvents) { FullMode = BoundedChannelFullMode.DropWrite });
        void Tell(FakeContainer container)
        {
            if (container.Node == _node && container.Labels.TryGetValue(EngineLabels.TaskArn, out var task))
            {
                channel.Writer.TryWrite(new EngineEvent(
                    EngineEventKind.Changed, task, container.Labels.GetValueOrDefault(EngineLabels.ContainerName, "")));
            }
        }
        _world.Changed += Tell;
        try
        {
            yield return new EngineEvent(EngineEventKind.Resync, "", "");
            while (true)
            {
                EngineEvent next;
                try
                {
                    next = await channel.Reader.ReadAsync(stop);
                }
                catch (OperationCanceledException)
                {
                    yield break;
                }
                yield return next;
            }
        }
        finally
        {
            _world.Changed -= Tell;
        }
    }

    public override async IAsyncEnumerable<OutputLine> ReadOutputAsync(
        string id, DateTimeOffset? since, [EnumeratorCancellation] CancellationToken stop)
    {
        var container = _world.Get(id);
        var next = 0;
        while (true)
        {
            var written = container.Written;
            var ended = container.Phase == ContainerPhase.Exited;
            for (OutputLine? line; (line = container.Line(next)) is not null; next++)
            {
                if (since is null || line.Value.At >= since)
                {
                    yield return line.Value;
                }
            }
            if (ended)
            {
                yield break;
            }
            await written.WaitAsync(stop);
        }
    }

    public override Task<UsageReading?> ReadUsageAsync(string id, CancellationToken stop)
    {
        var running = _world.Find(id)?.Phase == ContainerPhase.Running;
        return Task.FromResult(running ? new UsageReading(_world.Time.GetUtcNow(), TimeSpan.FromSeconds(1), 8 << 20) : null);
    }

    public override Task<string?> ReadRawStatsAsync(string id, CancellationToken stop) =>
        Task.FromResult<string?>(_world.Find(id)?.Phase == ContainerPhase.Running ? new JsonObject { ["id"] = id }.ToJsonString() : null);

    public override Task CreateVolumeAsync(VolumePlan plan, CancellationToken stop)
    {
        _world.Volumes[plan.Name] = true;
        return Task.CompletedTask;
    }

    public override Task<bool> VolumeExistsAsync(string name, CancellationToken stop) => Task.FromResult(_world.Volumes.ContainsKey(name));

    public override Task RemoveVolumeAsync(string name, CancellationToken stop)
    {
        _world.Volumes.TryRemove(name, out _);
        return Task.CompletedTask;
    }

    public override Task<NetworkView?> InspectNetworkAsync(string name, CancellationToken stop) =>
        Task.FromResult<NetworkView?>(new NetworkView(name, name, "127.0.0.1", null, "lo"));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
