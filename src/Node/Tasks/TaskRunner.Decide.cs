using Longspan.AgentLink;
using Longspan.Node.Engines;
using Longspan.Node.Injection;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

internal sealed partial class TaskRunner
{
    private void Decide(CancellationToken stop)
    {
        if (!_stopWanted && EssentialEnded() is { } name)
        {
            _node.Log.LogInformation("Task {Task}: essential container {Container} ended", _task.Id, name);
            _stopWanted = true;
            _task.StopWanted = true;
            _dirty = true;
        }
        else if (IsUnhealthyAlone)
        {
            Fail("Task failed container health checks");
        }
        if (_stopWanted)
        {
            _starting.Cancel();
            DecideStops(stop);
        }
        else
        {
            DecideStarts(stop);
        }
        if (_task is { Known: Stage.Stopped, StoppedAt: null } && _operations.Count == 0)
        {
            _task.StoppedAt = Now;
            // Empty now; the clean-up, which may come from another run of the node, only finds what this has missed.
            _node.Cgroups?.Remove(_task.Id);
            _task.ExecutionStoppedAt ??= _task.Containers.Max(c => c.FinishedAt) ?? Now;
            _dirty = true;
            _node.Ended(this);
        }
    }

    private string? EssentialEnded() => _task.Containers
        .FirstOrDefault(c => c.Stage == Stage.Stopped && _task.Definition(c).Essential != false)?.Name;

    private void DecideStarts(CancellationToken stop)
    {
        if (_task.Reason is null && !DependencyOrder.IsSound(_task.Task))
        {
            Fail($"Task dependencies cannot be resolved, taskArn: {_task.Arn}");
            return;
        }
        if (!_hasResources)
        {
            return;
        }
        foreach (var container in _task.Containers.Where(c => c.Stage < Stage.Running && !_operations.ContainsKey(c.Name)))
        {
            switch (container.Stage == Stage.None ? Readiness.Ready : DependencyOrder.Check(_task, container, Now))
            {
                case Readiness.Impossible:
                    container.Reason ??= "DependencyError: A container that this one depends on ended or did not get ready";
                    container.ExitCode = DependencyExitCode;
                    Ended(container, null);
                    break;
                case Readiness.Ready when container.Stage == Stage.None:
                    Begin(container, PullAsync, stop);
                    break;
                case Readiness.Ready when IsPrepared(stop):
                    Begin(container, StartAsync, stop);
                    break;
            }
        }
    }

    private void DecideStops(CancellationToken stop)
    {
        foreach (var container in _task.Containers.Where(c => c.Stage < Stage.Stopped && !_operations.ContainsKey(c.Name)))
        {
            if (container.Stage < Stage.Created)
            {
                Ended(container, null);
            }
            else if (_task.Containers.Where(c => c.Stage < Stage.Stopped).All(c => !DependsOn(c, container)))
            {
                Begin(container, StopAsync, stop);
            }
        }
    }

    private bool DependsOn(SavedContainer who, SavedContainer on) =>
        who != on && DependencyOrder.Of(_task.Task, _task.Definition(who)).Any(d => d.On == on.Name);

    private void Fail(string reason)
    {
        _task.Reason ??= Clip(reason);
        _node.Log.LogWarning("Task {Task} cannot run: {Reason}", _task.Id, reason);
        _stopWanted = true;
        _task.StopWanted = true;
        _dirty = true;
        foreach (var container in _task.Containers.Where(c => c.Stage < Stage.Created && !_operations.ContainsKey(c.Name)))
        {
            container.Stage = Stage.Stopped;
        }
        _wake.Set();
    }

    /// <summary>Runs an operation beside the loop; what it returns is applied by the loop.</summary>
    private void Begin(SavedContainer container, Func<SavedContainer, CancellationToken, Task<Action>> operation, CancellationToken stop)
    {
        _operations[container.Name] = System.Threading.Tasks.Task.Run(
            async () =>
            {
                Action apply;
                try
                {
                    apply = await operation(container, stop);
                }
                catch (OperationCanceledException)
                {
                    apply = static () => { };
                }
                catch (EngineException e) when (e.Fault is EngineFault.Unreachable)
                {
                    // The engine is away, the container is not to blame: look again when it is back.
                    apply = () => _retryAt = Now + EngineRetry;
                    await System.Threading.Tasks.Task.Delay(EngineRetry, _node.Time, CancellationToken.None);
                }
                catch (Exception e)
                {
                    if (e is not (EngineException or TaskFault))
                    {
                        // A fault of ours costs one container, not the node.
                        _node.Log.LogError(e, "Task {Task}: container {Container}", _task.Id, container.Name);
                    }
                    apply = () => Failed(container, e is EngineException or TaskFault ? e.Message : $"DockerStateError: {e.Message}");
                }
                _results.Enqueue(() =>
                {
                    _operations.Remove(container.Name);
                    apply();
                });
                _wake.Set();
            },
            CancellationToken.None);
    }

    private void Failed(SavedContainer container, string reason)
    {
        _dirty = true;
        container.Reason = Clip(reason);
        container.FinishedAt = Now;
        container.Stage = Stage.Stopped;
        _node.Log.LogWarning("Task {Task}: container {Container}: {Reason}", _task.Id, container.Name, reason);
    }

    private async Task<Action> PullAsync(SavedContainer container, CancellationToken stop)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, _starting.Token);
        var started = Now;
        var outcome = await _node.Images.ObtainAsync(_task, _task.Definition(container), both.Token);
        var ended = Now;
        return () =>
        {
            if (outcome.Pulled)
            {
                _task.PullStartedAt = _task.PullStartedAt is { } first && first < started ? first : started;
                _task.PullStoppedAt = ended;
            }
            if (outcome.Failure is { } failure)
            {
                Failed(container, failure);
                return;
            }
            container.ImageId = outcome.Image?.Id;
            container.ImageDigest = outcome.Image?.Digest;
            container.Stage = Stage.Pulled;
        };
    }

    private async Task<Action> StartAsync(SavedContainer container, CancellationToken stop)
    {
        using var slot = await _node.TakeStartSlotAsync(_starting.Token);
        _starting.Token.ThrowIfCancellationRequested();
        // From here on not cancelled by a wish to stop: half-made containers are finished, then stopped like any other.
        // Also for a container that exists: the machine may have been restarted since it was made.
        var parent = _node.Cgroups?.Make(_task);
        var id = container.EngineId ?? await CreateAsync(container, parent, stop);
        try
        {
            await _node.Engine.StartAsync(id, stop);
        }
        catch (EngineException e) when (e.Fault is not EngineFault.Unreachable)
        {
            return () =>
            {
                container.EngineId = id;
                Failed(container, (e.Fault == EngineFault.Timeout ? "DockerTimeoutError: " : "CannotStartContainerError: ") + e.Message);
            };
        }
        var view = await InspectAsync(id, stop);
        return () =>
        {
            _dirty = true;
            container.EngineId = id;
            container.Stage = Stage.Created;
            container.StartDue = false;
            if (view is null)
            {
                Touch(container.Name);
                return;
            }
            Observe(container, view);
            if (view.Phase == ContainerPhase.Exited)
            {
                _node.Outputs.Follow(_task, container);
            }
        };
    }

    private async Task<string> CreateAsync(SavedContainer container, string? parent, CancellationToken stop)
    {
        if (_task.Task.NetworkMode is null or "" or "bridge")
        {
            lock (_task)
            {
                if (PortRange.Choose(container, _task.Definition(container), _node.PublishAddress))
                {
                    Save(isPromise: false);
                }
            }
        }
        var plan = _node.Planner.Plan(_task, container, parent, _node.Configuration.Of(_task, _task.Definition(container)));
        try
        {
            return await _node.Engine.CreateAsync(plan, stop);
        }
        catch (EngineException e) when (e.Fault == EngineFault.Conflict)
        {
            // Made just before a crash, or by a call whose answer was lost: the name is ours alone.
            return (await _node.Engine.InspectAsync(container.EngineName, stop))?.Id
                ?? throw new EngineException(EngineFault.Other, $"CannotCreateContainerError: {e.Message}", e);
        }
        catch (EngineException e) when (e.Fault is not EngineFault.Unreachable)
        {
            throw new EngineException(
                e.Fault, (e.Fault == EngineFault.Timeout ? "DockerTimeoutError: " : "CannotCreateContainerError: ") + e.Message, e);
        }
    }

    private async Task<Action> StopAsync(SavedContainer container, CancellationToken stop)
    {
        var id = container.EngineId ?? container.EngineName;
        var view = await _node.Engine.InspectAsync(id, stop);
        if (view is { Phase: ContainerPhase.Running })
        {
            var grace = _task.Definition(container).StopTimeout is { } seconds ? TimeSpan.FromSeconds(seconds) : _node.StopTimeout;
            try
            {
                await _node.Engine.StopAsync(view.Id, grace, stop);
            }
            catch (EngineException e) when (e.Fault is not EngineFault.Unreachable)
            {
                _node.Log.LogWarning("Task {Task}: CannotStopContainerError: {Reason}; trying again", _task.Id, e.Message);
                return () => _retryAt = Now + EngineRetry;
            }
            view = await _node.Engine.InspectAsync(id, stop);
        }
        return () =>
        {
            if (view is { Phase: ContainerPhase.Running })
            {
                _retryAt = Now + EngineRetry;
                return;
            }
            _dirty = true;
            container.StartedAt = view?.StartedAt ?? container.StartedAt;
            container.FinishedAt = view?.FinishedAt ?? Now;
            container.ExitCode = container.Started ? view?.ExitCode ?? container.ExitCode : null;
            container.Stage = Stage.Stopped;
        };
    }

    /// <summary>What the task's containers share is there: volumes, and the values that they are to be given.</summary>
    private bool IsPrepared(CancellationToken stop)
    {
        const string Key = "\0shared";
        if (_prepared || (_task.Task.Volumes is not { Count: > 0 } && !TaskConfiguration.IsNeeded(_task)))
        {
            return true;
        }
        if (!_operations.ContainsKey(Key))
        {
            _operations[Key] = System.Threading.Tasks.Task.Run(
                async () =>
                {
                    var apply = await PrepareAsync(stop);
                    _results.Enqueue(() =>
                    {
                        _operations.Remove(Key);
                        apply();
                    });
                    _wake.Set();
                },
                CancellationToken.None);
        }
        return false;
    }

    private async Task<Action> PrepareAsync(CancellationToken stop)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, _starting.Token);
        try
        {
            await _node.Volumes.MakeAsync(_task, both.Token);
            await _node.Configuration.PrepareAsync(_task, both.Token);
            return () => _prepared = true;
        }
        catch (OperationCanceledException)
        {
            return static () => { };
        }
        catch (IOException e)
        {
            _node.Log.LogWarning("Task {Task}: {Reason}; trying again", _task.Id, e.Message);
            return () => _retryAt = Now + EngineRetry;
        }
        catch (Exception e) when (e is EngineException or TaskFault)
        {
            return () => Fail(e is TaskFault ? e.Message : $"VolumeError: {e.Message}");
        }
    }

    private bool _prepared;
}
