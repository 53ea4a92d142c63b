using System.Collections.Concurrent;
using Longspan.AgentLink;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

/// <summary>
/// Brings one task to what is wanted. A single loop owns the <see cref="SavedTask"/>: it looks at where each container stands, starts
/// whatever can be started next (pulls, creations, stops run beside it and hand their results back), saves, and reports. Nothing is
/// remembered outside the saved task, so the loop may end at any moment and begin again in another process.
/// </summary>
internal sealed partial class TaskRunner : IDisposable
{
    /// <summary>Changes of single containers that do not change the task's status are reported together after this long.</summary>
    private static readonly TimeSpan ReportDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EngineRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reinspect = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(250);
    private const int SecondLooks = 4;
    private const int KilledExitCode = 137;
    private const int DependencyExitCode = 143;
    private const int MaxReason = 1024;

    private readonly TaskRunnerContext _node;
    private readonly SavedTask _task;
    private readonly string _path;
    private readonly Signal _wake;
    private readonly ConcurrentQueue<Action> _results = new();
    private readonly ConcurrentDictionary<string, bool> _touched = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _operations = new(StringComparer.Ordinal);
    private CancellationTokenSource _starting = new();
    private volatile bool _stopWanted;
    private volatile bool _hasResources;
    private bool _rebooted;
    private bool _dirty;
    private DateTimeOffset? _reportDue;
    private DateTimeOffset? _retryAt;
    private DateTimeOffset _inspectAt;

    public TaskRunner(TaskRunnerContext node, SavedTask task, string path)
    {
        _node = node;
        _task = task;
        _path = path;
        _wake = new Signal(node.Time);
        _stopWanted = task.StopWanted;
        _inspectAt = node.Time.GetUtcNow() + Reinspect;
        // A report that was sent and comes back after a crash is sent again, which the server expects.
        Reports = new ReportQueue(task, () => Save(isPromise: false));
    }

    /// <summary>For readers on other threads: values may be a moment old.</summary>
    public SavedTask Task => _task;

    public ReportQueue Reports { get; }

    public bool StopWanted => _stopWanted;

    public bool IsOver => _task.StoppedAt is not null;

    /// <summary>Saves the wish first: after this returns, a crash does not forget it.</summary>
    public void WantStop()
    {
        if (_task.StopAsked)
        {
            return;
        }
        _stopWanted = true;
        lock (_task)
        {
            _task.StopWanted = true;
            _task.StopAsked = true;
        }
        Save(isPromise: true);
        _wake.Set();
    }

    /// <summary>Before the loop: the machine went down with the containers of this task, so those that had run are started again.</summary>
    public void ExpectReboot() => _rebooted = true;

    public void GrantResources()
    {
        _hasResources = true;
        _wake.Set();
    }

    /// <summary>Something happened to this container; an empty name means look at all of them.</summary>
    public void Touch(string container)
    {
        _touched[container] = true;
        _wake.Set();
    }

    public async Task RunAsync(CancellationToken stop)
    {
        do
        {
            await RunToTheEndAsync(stop);
        }
        while (!stop.IsCancellationRequested && await ReviveAsync(stop));
        if (!stop.IsCancellationRequested)
        {
            await CleanUpAsync(stop);
        }
    }

    private async Task RunToTheEndAsync(CancellationToken stop)
    {
        if (!IsOver)
        {
            Touch("");
        }
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await StepAsync(stop);
            }
            catch (Exception e) when (e is EngineException or IOException)
            {
                // The engine is away or the disk is full; neither changes what is wanted.
                _node.Log.LogWarning("Task {Task}: {Reason}; trying again", _task.Id, e.Message);
                _retryAt = Now + EngineRetry;
                _touched[""] = true;
            }
            if (IsOver)
            {
                break;
            }
            try
            {
                await _wake.WaitAsync(UntilNextDeadline(), stop);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        await System.Threading.Tasks.Task.WhenAll(_operations.Values);
    }

    private DateTimeOffset Now => _node.Time.GetUtcNow();

    private async Task StepAsync(CancellationToken stop)
    {
        _retryAt = null;
        while (_results.TryDequeue(out var apply))
        {
            apply();
        }
        await LookAsync(stop);
        _rebooted = false;
        Decide(stop);
        lock (_task)
        {
            Report();
        }
        if (_dirty)
        {
            // What a crash takes back is found again by looking at the engine.
            Save(isPromise: false);
            _dirty = false;
            Reports.Announce();
        }
    }

    private void Save(bool isPromise)
    {
        lock (_task)
        {
            StateFolder.Write(_path, _task, SavedTaskJson.Default.SavedTask, isPromise);
        }
    }

    /// <summary>Asks the engine about containers of which something was heard.</summary>
    private async Task LookAsync(CancellationToken stop)
    {
        if (Now >= _inspectAt)
        {
            _inspectAt = Now + Reinspect;
            _touched[""] = true;
        }
        if (_touched.IsEmpty)
        {
            return;
        }
        if (_touched.TryRemove("", out _))
        {
            _task.Containers.ForEach(c => _touched[c.Name] = true);
        }
        // A container with an operation under way keeps its mark until the operation's result is in.
        foreach (var container in _task.Containers.Where(c => !_operations.ContainsKey(c.Name) && _touched.TryRemove(c.Name, out _)))
        {
            if (container.Stage is Stage.Created or Stage.Running)
            {
                await LookAsync(container, stop);
            }
        }
    }

    private async Task LookAsync(SavedContainer container, CancellationToken stop)
    {
        var view = await InspectAsync(container.EngineId ?? container.EngineName, stop);
        if (view is null)
        {
            container.Reason ??= "ContainerVanishedError: The container was removed outside the node";
            Ended(container, null);
            return;
        }
        Observe(container, view);
    }

    /// <summary>
    /// The engine learns of an exit and of the lack of memory behind it on two ways: a container killed from outside is looked at a few
    /// times more, or the reason would sometimes be missing.
    /// </summary>
    private async Task<ContainerView?> InspectAsync(string id, CancellationToken stop)
    {
        var view = await _node.Engine.InspectAsync(id, stop);
        for (var look = 0; look < SecondLooks && !_stopWanted
            && view is { Phase: ContainerPhase.Exited, ExitCode: KilledExitCode, OomKilled: false }; look++)
        {
            await System.Threading.Tasks.Task.Delay(SecondLook, _node.Time, stop);
            view = await _node.Engine.InspectAsync(id, stop) ?? view;
        }
        return view;
    }

    /// <summary>Takes over what the engine says about a container that exists.</summary>
    private void Observe(SavedContainer container, ContainerView view)
    {
        container.EngineId = view.Id;
        container.ImageId = view.ImageId;
        container.CreatedAt = view.CreatedAt;
        if (view.Health != container.Health)
        {
            container.Health = view.Health;
            container.HealthSince = Now;
            container.HealthOutput = view.HealthOutput;
            _dirty = true;
        }
        if (view.Phase == ContainerPhase.Running)
        {
            if (container.Stage != Stage.Running || container.StartedAt != view.StartedAt)
            {
                Running(container, view);
            }
        }
        else if (view.Phase == ContainerPhase.Exited && container.Stage == Stage.Running && _rebooted && !_stopWanted)
        {
            container.Stage = Stage.Created;
            container.StartDue = true;
            container.Restarts++;
            _dirty = true;
        }
        else if (view.Phase == ContainerPhase.Exited && container is { Stage: < Stage.Stopped, StartDue: false })
        {
            container.StartedAt = view.StartedAt ?? container.StartedAt;
            container.Started |= view.StartedAt is not null;
            Ended(container, view);
        }
    }

    private void Running(SavedContainer container, ContainerView view)
    {
        container.Stage = Stage.Running;
        container.StartDue = false;
        container.Started = true;
        container.StartedAt = view.StartedAt;
        container.FinishedAt = null;
        container.ExitCode = null;
        container.Address = view.IpAddress;
        container.MacAddress = view.MacAddress;
        var bindings = PortReport.Of(_task, container, view);
        if (!bindings.SequenceEqual(container.Bindings))
        {
            container.Bindings = bindings;
            if (container.ReportedStage == Stage.Running)
            {
                // Ports moved with a restart in place: tell the server again.
                container.ReportedStage = Stage.Created;
            }
        }
        _node.Outputs.Follow(_task, container);
        _dirty = true;
    }

    private void Ended(SavedContainer container, ContainerView? view)
    {
        container.ExitCode = view?.ExitCode ?? container.ExitCode;
        container.FinishedAt = view?.FinishedAt ?? Now;
        if (view is { OomKilled: true })
        {
            container.Reason ??= "OutOfMemoryError: Container killed due to memory usage";
        }
        else if (view is { Error.Length: > 0 })
        {
            container.Reason ??= Clip($"CannotStartContainerError: {view.Error}");
        }
        _dirty = true;
        if (MayRestart(container))
        {
            container.Restarts++;
            container.Stage = Stage.Created;
            container.StartDue = true;
            return;
        }
        container.Stage = Stage.Stopped;
        // Every container's end is told to the loop at once: dependents and essential rules look at it next.
        _wake.Set();
    }

    private bool MayRestart(SavedContainer container)
    {
        var policy = _task.Definition(container).RestartPolicy;
        return policy is { Enabled: true } && !_stopWanted && container is { Started: true, ExitCode: { } code }
            && policy.IgnoredExitCodes?.Contains(code) != true
            && container.FinishedAt - container.StartedAt >= TimeSpan.FromSeconds(policy.RestartAttemptPeriod ?? 300);
    }

    public void Dispose() => _starting.Dispose();

    private static string Clip(string text) => text.Length <= MaxReason ? text : text[..MaxReason];

    private TimeSpan UntilNextDeadline()
    {
        var next = _inspectAt;
        foreach (var due in _task.Containers.Where(c => c.Stage == Stage.Running).Select(c => DependencyOrder.Deadline(_task, c))
            .Append(_reportDue).Append(_retryAt))
        {
            if (due is { } at && at > Now && at < next)
            {
                next = at;
            }
        }
        return next - Now + TimeSpan.FromMilliseconds(1);
    }
}
