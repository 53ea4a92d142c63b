using Longspan.Node.Engines;
using Longspan.Node.State;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

internal sealed partial class TaskRunner
{
    /// <summary>
    /// A change of the task's status is reported at once with all container changes so far; changes of containers alone wait a moment
    /// for company.
    /// </summary>
    private void Report()
    {
        var status = _task.KnownStatus;
        // PENDING is the server's own idea of a task until it hears otherwise.
        var statusChanged = status != _task.SentStatus && (status != "PENDING" || _task.SentStatus.Length > 0);
        var over = _task.StoppedAt is not null;
        var changed = _task.Containers.Where(c => Reportable(c)).ToList();
        if (status == "STOPPED" && !over)
        {
            return;
        }
        if (!statusChanged)
        {
            if (changed.Count == 0 || _task.SentStatus is not "RUNNING")
            {
                _reportDue = null;
                return;
            }
            _reportDue ??= Now + ReportDelay;
            if (Now < _reportDue)
            {
                return;
            }
        }
        if (_task.SentStatus == "STOPPED" || (status == "PENDING" && _task.SentStatus == "RUNNING"))
        {
            return;
        }
        _reportDue = null;
        var report = new TaskReport
        {
            Status = status,
            Reason = _task.Reason ?? "",
            Containers = [.. changed.Select(Describe)],
            PullStartedAt = _task.PullStartedAt,
            PullStoppedAt = _task.PullStoppedAt,
            ExecutionStoppedAt = over ? _task.ExecutionStoppedAt : null,
        };
        foreach (var container in changed)
        {
            container.ReportedStage = container.Stage;
        }
        if (over)
        {
            _task.SentBeforeEnd = _task.SentStatus;
        }
        _task.SentStatus = status;
        Reports.Add(report);
        _dirty = true;
        _node.Log.LogInformation("Task {Task} is {Status}{Reason}", _task.Id, status, report.Reason.Length > 0 ? $": {report.Reason}" : "");
    }

    private static bool Reportable(SavedContainer container) =>
        !NetworkOwner.Is(container) && container.Stage >= Stage.Running && container.ReportedStage != container.Stage;

    private static ContainerReport Describe(SavedContainer container) => new()
    {
        Name = container.Name,
        Status = SavedTask.Wire(container.Stage),
        ExitCode = container.Stage == Stage.Stopped ? container.ExitCode : null,
        Reason = container.Reason,
        RuntimeId = container.EngineId,
        ImageDigest = container.ImageDigest,
        Bindings = container.Bindings,
    };

    /// <summary>Keeps what is left of the task for a while, then removes it. Ends only when everything is reported.</summary>
    private async Task CleanUpAsync(CancellationToken stop)
    {
        try
        {
            await Reports.WhenEmptyAsync(stop);
            _node.Configuration.Forget(_task);
            var left = _task.StoppedAt!.Value + _node.CleanupWait - Now;
            if (left > TimeSpan.Zero)
            {
                await System.Threading.Tasks.Task.Delay(left, _node.Time, stop);
            }
            await _node.Outputs.DrainAsync(_task, stop);
            while (!await TryRemoveAsync(stop))
            {
                await System.Threading.Tasks.Task.Delay(Reinspect, _node.Time, stop);
            }
            StateFolder.Delete(_path);
            _node.Forgotten(this);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task<bool> TryRemoveAsync(CancellationToken stop)
    {
        try
        {
            foreach (var container in _task.Containers.AsEnumerable().Reverse())
            {
                await _node.Engine.RemoveAsync(container.EngineId ?? container.EngineName, stop);
            }
            _node.Cgroups?.Remove(_task.Id);
            foreach (var volume in _task.Volumes.Values)
            {
                await _node.Engine.RemoveVolumeAsync(volume, stop);
            }
            return true;
        }
        catch (EngineException e)
        {
            _node.Log.LogWarning("Task {Task}: cannot clean up: {Reason}", _task.Id, e.Message);
            return false;
        }
    }
}
