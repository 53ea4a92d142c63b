using Longspan.Node.Engines;
using Longspan.Node.Injection;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

/// <summary>What a task's runner uses of its node.</summary>
internal sealed record TaskRunnerContext
{
    public required ContainerEngine Engine { get; init; }
    public required ContainerPlanner Planner { get; init; }
    public required ImageSource Images { get; init; }
    public required TaskVolumes Volumes { get; init; }
    public required TaskConfiguration Configuration { get; init; }
    /// <summary>Null where tasks are bounded container by container.</summary>
    public TaskCgroups? Cgroups { get; init; }
    /// <summary>Host address of published ports.</summary>
    public string PublishAddress { get; init; } = "0.0.0.0";
    public required OutputSink Outputs { get; init; }
    public required TimeProvider Time { get; init; }
    public required ILogger Log { get; init; }
    public required TimeSpan StopTimeout { get; init; }
    public required TimeSpan CleanupWait { get; init; }
    /// <summary>The engine's throughput flattens here: more starts at once only make each slower.</summary>
    public SemaphoreSlim StartSlots { get; init; } = new(4);
    /// <summary>The task uses nothing of the host any more.</summary>
    public required Action<TaskRunner> Ended { get; init; }
    /// <summary>It runs again after its end, and needs what it had.</summary>
    public Action<TaskRunner> Revived { get; init; } = static _ => { };
    /// <summary>The server cannot be reached: what it would decide for a service is left to the node.</summary>
    public Func<bool> IsCutOff { get; init; } = static () => false;
    /// <summary>Nothing of the task is left.</summary>
    public required Action<TaskRunner> Forgotten { get; init; }

    public async Task<IDisposable> TakeStartSlotAsync(CancellationToken stop)
    {
        await StartSlots.WaitAsync(stop);
        return new Slot(StartSlots);
    }

    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}

/// <summary>Where container output goes. The log spool in a node; nothing in most tests.</summary>
internal abstract class OutputSink
{
    public static readonly OutputSink None = new NoOutputs();

    /// <summary>Begins or continues following a started container; does nothing for containers whose output stays with the engine.</summary>
    public abstract void Follow(SavedTask task, SavedContainer container);

    /// <summary>Ends when everything that the task's containers wrote is in the spool, so that the containers may be removed.</summary>
    public abstract Task DrainAsync(SavedTask task, CancellationToken stop);

    private sealed class NoOutputs : OutputSink
    {
        public override void Follow(SavedTask task, SavedContainer container)
        {
        }

        public override Task DrainAsync(SavedTask task, CancellationToken stop) => Task.CompletedTask;
    }
}
