using Longspan.Api.Shapes;
using Longspan.Node.Control;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Microsoft.Extensions.Logging;

namespace Longspan.Node;

/// <summary>
/// The end of a run. Without draining it is at once, and containers run on. With it the instance is set to DRAINING, so that services move
/// their tasks away; the node goes when they have gone or its time is over, and sets the instance to ACTIVE again when it is back.
/// </summary>
public sealed partial class NodeAgent
{
    private const string DrainedFile = "drained";
    private static readonly TimeSpan DrainLook = TimeSpan.FromMilliseconds(250);

    private async Task LeaveAsync(
        ControlPlane server, InstanceRegistration registration, TaskEngine tasks, CancellationTokenSource session, CancellationToken stop)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registered = stop.Register(asked.SetResult);
        await Task.WhenAny(asked.Task, Task.Delay(Timeout.InfiniteTimeSpan, session.Token));
        if (_settings.DrainLimit is { } limit && registration.Saved is { } instance && !session.IsCancellationRequested)
        {
            await DrainAsync(server, instance, tasks, limit, session.Token);
        }
        await session.CancelAsync();
    }

    private async Task DrainAsync(ControlPlane server, SavedInstance instance, TaskEngine tasks, TimeSpan limit, CancellationToken stop)
    {
        if (!_link.IsUp)
        {
            _log.LogWarning("Not drained: the server cannot be reached. Containers run on");
            return;
        }
        using var timeout = new CancellationTokenSource(limit, _settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            // Before the call: whoever was drained without knowing it would never be given a task again.
            StateFolder.Write(_state.File(DrainedFile), []);
            await server.SetStateAsync(_settings.Cluster, instance.ContainerInstanceArn, "DRAINING", either.Token);
            _log.LogInformation("Draining for at most {Limit}", limit);
            while (Left(tasks) > 0)
            {
                await Task.Delay(DrainLook, _settings.Time, either.Token);
            }
            _log.LogInformation("Drained");
        }
        catch (OperationCanceledException)
        {
            _log.LogWarning("{Count} tasks are left after {Limit} of draining; their containers run on", Left(tasks), limit);
        }
        catch (Exception e) when (e is AwsError || ControlPlane.IsTransient(e))
        {
            _log.LogWarning("Not drained: {Message}. Containers run on", e.Message);
        }
    }

    private static int Left(TaskEngine tasks) => tasks.Runners.Count(r => !r.IsOver || r.Reports.Oldest is not null);

    /// <summary>What this node had drained when it left takes tasks again. What an operator drained stays as it is.</summary>
    private async Task ReturnAsync(ControlPlane server, SavedInstance instance, CancellationToken stop)
    {
        var path = _state.File(DrainedFile);
        if (!File.Exists(path) || stop.IsCancellationRequested)
        {
            return;
        }
        try
        {
            await server.SetStateAsync(_settings.Cluster, instance.ContainerInstanceArn, "ACTIVE", stop);
            StateFolder.Delete(path);
        }
        catch (Exception e) when (!stop.IsCancellationRequested && (e is AwsError || ControlPlane.IsTransient(e)))
        {
            _log.LogWarning("The instance stays DRAINING: {Message}", e.Message);
        }
    }
}
