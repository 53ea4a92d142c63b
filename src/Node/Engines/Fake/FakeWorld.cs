using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Longspan.Node.Engines.Fake;

/// <summary>The state behind one or more <see cref="FakeEngine"/>s.</summary>
internal sealed class FakeWorld(TimeProvider time)
{
    private const int FirstDynamicPort = 32768;
    private readonly ConcurrentDictionary<string, FakeContainer> _byName = new(StringComparer.Ordinal);
    private int _ids;
    private int _ports = FirstDynamicPort;

    public TimeProvider Time { get; } = time;
    public ConcurrentDictionary<string, FakeImage> Images { get; } = new(StringComparer.Ordinal);
    public ConcurrentDictionary<string, bool> Pulled { get; } = new(StringComparer.Ordinal);
    public ConcurrentDictionary<string, bool> Volumes { get; } = new(StringComparer.Ordinal);
    public volatile bool IsDown;
    public int PullCount;
    public int CreateCount;

    public event Action<FakeContainer>? Changed;

    public IEnumerable<FakeContainer> All => _byName.Values;

    public void Check()
    {
        if (IsDown)
        {
            throw new EngineException(EngineFault.Unreachable, "the engine cannot be reached: it is scripted to be away");
        }
    }

    public FakeContainer? Find(string idOrName) =>
        _byName.GetValueOrDefault(idOrName) ?? _byName.Values.FirstOrDefault(c => c.Id == idOrName);

    public FakeContainer Get(string idOrName)
    {
        Check();
        return Find(idOrName) ?? throw new EngineException(EngineFault.NotFound, $"No such container: {idOrName}");
    }

    public string Create(ContainerPlan plan, string node)
    {
        Check();
        Interlocked.Increment(ref CreateCount);
        var script = Images.GetValueOrDefault(plan.Image) ?? new FakeImage();
        if (script.CreateError is { } error)
        {
            throw new EngineException(EngineFault.Other, error);
        }
        var labels = (plan.Config["Labels"] as JsonObject ?? []).ToDictionary(l => l.Key, l => l.Value?.ToString() ?? "");
        labels[EngineLabels.Node] = node;
        var container = new FakeContainer(Interlocked.Increment(ref _ids).ToString("x64"), plan, node, labels, script, Time.GetUtcNow());
        if (!_byName.TryAdd(plan.Name, container))
        {
            throw new EngineException(EngineFault.Conflict, $"The container name \"{plan.Name}\" is already in use");
        }
        return container.Id;
    }

    public void Start(string id)
    {
        var container = Get(id);
        if (container.Image.StartError is { } error)
        {
            throw new EngineException(EngineFault.Other, error);
        }
        container.Begin(Time.GetUtcNow(), () => Interlocked.Increment(ref _ports));
        Changed?.Invoke(container);
        if (container.Image.RunTime is { } life)
        {
            _ = After(life, () => Exit(id, container.Image.ExitCode, false));
        }
        if (container.Image.HealthyAfter is { } wait)
        {
            _ = After(wait, () => SetHealth(id, HealthState.Healthy));
        }
    }

    private async Task After(TimeSpan delay, Action act)
    {
        await Task.Delay(delay, Time);
        act();
    }

    public void Exit(string idOrName, int code, bool oomKilled)
    {
        if (Find(idOrName) is { } container && container.End(code, oomKilled, Time.GetUtcNow()))
        {
            Changed?.Invoke(container);
        }
    }

    public void SetHealth(string idOrName, HealthState health)
    {
        if (Find(idOrName) is { Phase: ContainerPhase.Running } container)
        {
            container.Health = health;
            Changed?.Invoke(container);
        }
    }

    public void Write(string idOrName, string line) => Find(idOrName)?.Write(new OutputLine(Time.GetUtcNow(), line));

    public void Remove(string idOrName)
    {
        Check();
        if (Find(idOrName) is { } container)
        {
            _byName.TryRemove(container.Name, out _);
            container.End(137, false, Time.GetUtcNow());
            Changed?.Invoke(container);
        }
    }

    public void LosePower()
    {
        foreach (var container in _byName.Values)
        {
            container.End(255, false, Time.GetUtcNow());
        }
    }
}

internal sealed class FakeContainer(
    string id, ContainerPlan plan, string node, Dictionary<string, string> labels, FakeImage image, DateTimeOffset createdAt)
{
    private readonly Lock _lock = new();
    private readonly List<OutputLine> _lines = [];
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<PortView> _ports = [];
    private DateTimeOffset? _started;
    private DateTimeOffset? _finished;
    private int? _exitCode;
    private bool _oomKilled;

    public string Id => id;
    public string Name => plan.Name;
    public string Node => node;
    public FakeImage Image => image;
    public ContainerPlan Plan => plan;
    public Dictionary<string, string> Labels => labels;
    public ContainerPhase Phase { get; private set; }
    public HealthState Health { get; set; }

    public Task Written
    {
        get
        {
            lock (_lock)
            {
                return _written.Task;
            }
        }
    }

    public OutputLine? Line(int index)
    {
        lock (_lock)
        {
            return index < _lines.Count ? _lines[index] : null;
        }
    }

    public void Write(OutputLine line)
    {
        lock (_lock)
        {
            _lines.Add(line);
            Pulse();
        }
    }

    public void Begin(DateTimeOffset now, Func<int> freePort)
    {
        lock (_lock)
        {
            Phase = ContainerPhase.Running;
            _started = now;
            _finished = null;
            _exitCode = null;
            Health = image.HealthyAfter is null ? HealthState.None : HealthState.Starting;
            _ports = [.. (plan.HostConfig["PortBindings"] as JsonObject ?? []).Select(b =>
            {
                var key = b.Key.Split('/');
                var wanted = b.Value?[0]?["HostPort"]?.GetValue<string>();
                return new PortView(int.Parse(key[0]), key[1], "0.0.0.0", wanted is { Length: > 0 } ? int.Parse(wanted) : freePort());
            })];
        }
    }

    public bool End(int code, bool oomKilled, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (Phase != ContainerPhase.Running)
            {
                return false;
            }
            Phase = ContainerPhase.Exited;
            _exitCode = code;
            _oomKilled = oomKilled;
            _finished = now;
            Pulse();
            return true;
        }
    }

    public ContainerView View()
    {
        lock (_lock)
        {
            return new ContainerView
            {
                Id = Id, Name = Name, Phase = Phase, Image = plan.Image, ImageId = $"sha256:{plan.Image}", Labels = labels,
                ExitCode = _exitCode, OomKilled = _oomKilled, CreatedAt = createdAt, StartedAt = _started, FinishedAt = _finished,
                Health = Health, Ports = Phase == ContainerPhase.Running ? _ports : [], NetworkName = plan.Network, IpAddress = "127.0.0.1",
            };
        }
    }

    private void Pulse()
    {
        _written.TrySetResult();
        _written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
