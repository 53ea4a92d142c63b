using Longspan.Node.Engines;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

/// <summary>
/// A service replaces a task that ends. Cut off from the server nobody does, so the node does what the service would: it starts the same
/// task again, after a pause that grows while the task keeps ending soon. To the server it never ended. This holds only as long as the server
/// has not confirmed that it was told of the end: once it has, the next step is the server's. What an unconfirmed report may have done is
/// said at <see cref="ReportQueue.TakeBackEndAsync"/>.
/// </summary>
internal sealed partial class TaskRunner
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);
    /// <summary>A task that ran for less than this ended soon: the pause doubles. The server counts alike.</summary>
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LinkLook = TimeSpan.FromMilliseconds(500);
    private const int LongestDoubling = 6;

    private bool IsServiceTask => _task.Task.ServiceName is { Length: > 0 };

    /// <summary>Its service would replace it for its health, if anyone could tell the service.</summary>
    private bool IsUnhealthyAlone => !_stopWanted && IsServiceTask && _node.IsCutOff()
        && _task.Containers.Any(c => c is { Stage: Stage.Running, Health: HealthState.Unhealthy } && _task.Definition(c).Essential != false);

    /// <summary>Advisory, so it is not worth a write of its own.</summary>
    public void AloneRestartsTold()
    {
        lock (_task)
        {
            _task.AloneRestarts = 0;
        }
    }

    /// <summary>True when the task is to run again; false when its end is told or is what was wanted.</summary>
    private async Task<bool> ReviveAsync(CancellationToken stop)
    {
        if (!IsServiceTask || _task.StopAsked || _task.Containers.Count == 0)
        {
            return false;
        }
        var due = Now + NextPause();
        var told = Reports.WhenEmptyAsync(stop);
        try
        {
            while (Now < due || !_node.IsCutOff())
            {
                var left = due - Now;
                await System.Threading.Tasks.Task.WhenAny(
                    told, System.Threading.Tasks.Task.Delay(left > LinkLook || left <= TimeSpan.Zero ? LinkLook : left, _node.Time, stop));
                stop.ThrowIfCancellationRequested();
                if (told.IsCompleted || _task.StopAsked)
                {
                    return false;
                }
            }
            var gone = await VanishedAsync(stop);
            if (!await Reports.TakeBackEndAsync())
            {
                return false;
            }
            BeginAgain(gone);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (EngineException e)
        {
            _node.Log.LogWarning("Task {Task}: {Reason}; trying again", _task.Id, e.Message);
            return await ReviveAsync(stop);
        }
    }

    private TimeSpan NextPause()
    {
        var from = _task.Containers.Min(c => c.StartedAt);
        var ranFor = from is null ? TimeSpan.Zero : (_task.ExecutionStoppedAt ?? Now) - from.Value;
        _task.SoonEnds = ranFor >= ShortLife ? 0 : Math.Min(_task.SoonEnds, LongestDoubling);
        var pause = TimeSpan.FromSeconds(Math.Pow(2, _task.SoonEnds++));
        return pause < LongestPause ? pause : LongestPause;
    }

    private async Task<HashSet<string>> VanishedAsync(CancellationToken stop)
    {
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var container in _task.Containers)
        {
            if (container.EngineId is null || await _node.Engine.InspectAsync(container.EngineId, stop) is null)
            {
                gone.Add(container.Name);
            }
        }
        return gone;
    }

    private void BeginAgain(HashSet<string> gone)
    {
        var last = _task.Reason ?? _task.Containers.Where(c => _task.Definition(c).Essential != false)
            .Select(c => c.Reason ?? (c.ExitCode is { } code ? $"exit code {code}" : null)).FirstOrDefault(t => t is not null) ?? "";
        _node.Log.LogWarning("Task {Task} ended while the server cannot be reached ({Reason}); starting it again for its service", _task.Id, last);
        lock (_task)
        {
            _task.AloneRestarts++;
            _task.LastAloneEnd = last;
            _task.StoppedAt = null;
            _task.ExecutionStoppedAt = null;
            _task.Reason = null;
            _task.StopWanted = false;
            _task.SentStatus = _task.SentBeforeEnd;
            foreach (var container in _task.Containers)
            {
                container.Restarts += container.Started ? 1 : 0;
                container.EngineId = gone.Contains(container.Name) ? null : container.EngineId;
                container.Stage = container.EngineId is null ? Stage.None : Stage.Created;
                container.StartDue = container.EngineId is not null;
                container.ReportedStage = Stage.Created;
                container.ExitCode = null;
                container.Reason = null;
                container.FinishedAt = null;
                container.Health = default;
            }
        }
        _stopWanted = false;
        _hasResources = false;
        _starting.Dispose();
        _starting = new CancellationTokenSource();
        Save(isPromise: true);
        _node.Revived(this);
    }
}
