using System.Collections.Concurrent;
using Longspan.Services.Sqs.Documents;
using Longspan.Store.Documents;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs;

/// <summary>
/// The running message move tasks. A task is a document; this is the hand that carries it out. It moves a tenth of a second's worth at a
/// time, writes its progress down once a second, and goes on where it was after a restart: moved messages are no longer in the source.
/// </summary>
public sealed class MoveTasks(DocumentLog documents, MessageBackend messages, QueueDirectory queues, TimeProvider clock)
{
    private const int DefaultPerSecond = 500;
    private const int StepsPerSecond = 10;
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<DocumentKey, (CancellationTokenSource Stop, Task Run)> _running = new();

    public async ValueTask ResumeAsync(CancellationToken stop)
    {
        foreach (var task in await documents.ListAllAsync(MoveTaskDocument.Kind, stop))
        {
            if (task.Value.IsActive)
            {
                Start(task.Key);
            }
        }
    }

    public void Start(DocumentKey task)
    {
        foreach (var (ended, (source, run)) in _running.Where(r => r.Value.Run.IsCompleted))
        {
            if (_running.TryRemove(KeyValuePair.Create(ended, (source, run))))
            {
                source.Dispose();
            }
        }
        var stop = new CancellationTokenSource();
        _running[task] = (stop, Task.Run(() => RunAsync(task, stop.Token), CancellationToken.None));
    }

    public async ValueTask StopAsync()
    {
        foreach (var (_, (stop, run)) in _running)
        {
            await stop.CancelAsync();
            await run;
            stop.Dispose();
        }
        _running.Clear();
    }

    public ValueTask ResetAsync() => StopAsync();

    private async Task RunAsync(DocumentKey key, CancellationToken stop)
    {
        try
        {
            while (!await TryRunAsync(key, stop))
            {
                await Task.Delay(DiskPause, clock, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops or is reset; the document still says RUNNING, and a restart goes on.
        }
    }

    /// <summary>False when a disk has refused. What was moved is moved, so the task goes on where it was once it can.</summary>
    private async Task<bool> TryRunAsync(DocumentKey key, CancellationToken stop)
    {
        try
        {
            try
            {
                await MoveAsync(key, stop);
            }
            catch (QueueGoneException)
            {
                await UpdateAsync(key, t => t with { Status = MoveTaskDocument.Failed, FailureReason = "AWS.SimpleQueueService.NonExistentQueue" });
            }
            return true;
        }
        catch (Exception e) when (e is CommitUnknownException or IOException or MessageStoreUnavailableException)
        {
            return false;
        }
    }

    private async Task MoveAsync(DocumentKey key, CancellationToken stop)
    {
        var unsaved = 0L;
        for (var step = 1; ; step++)
        {
            var task = (await documents.GetAsync(MoveTaskDocument.Kind, key.Scope, key.Name, stop))?.Value;
            if (task is null || !task.IsActive)
            {
                return;
            }
            if (task.Status == MoveTaskDocument.Cancelling)
            {
                await UpdateAsync(key, t => t with { Status = MoveTaskDocument.Cancelled, Moved = t.Moved + unsaved });
                return;
            }
            var outcome = await messages.MoveAsync(Source(task), Order(task, step), stop);
            unsaved += outcome.Moved;
            var finished = outcome.Remaining <= outcome.Unmovable;
            var stuck = outcome.Moved == 0 && outcome.Unmovable > 0;
            if (finished || stuck)
            {
                await UpdateAsync(key, t => outcome.Unmovable > 0
                    ? t with { Status = MoveTaskDocument.Failed, Moved = t.Moved + unsaved, FailureReason = "CouldNotDetermineMessageSource" }
                    : t with { Status = MoveTaskDocument.Completed, Moved = t.Moved + unsaved });
                return;
            }
            if (step % StepsPerSecond == 0 && unsaved > 0)
            {
                var saved = unsaved;
                unsaved = 0;
                await UpdateAsync(key, t => t with { Moved = t.Moved + saved });
            }
            await Task.Delay(TimeSpan.FromSeconds(1.0 / StepsPerSecond), clock, stop);
        }
    }

    private long Source(MoveTaskDocument task) =>
        Kernel.Arn.TryParse(task.SourceArn, out var arn) && queues.Find(arn) is { } queue ? queue.Id : throw new QueueGoneException(0);

    private MoveOrder Order(MoveTaskDocument task, int step)
    {
        var perSecond = task.MaximumPerSecond ?? DefaultPerSecond;
        // Rates that ten steps do not divide are spread over them.
        var batch = perSecond * step / StepsPerSecond - perSecond * (step - 1) / StepsPerSecond;
        if (task.Destination is { } destination)
        {
            var target = Kernel.Arn.TryParse(destination, out var arn) ? queues.Find(arn) : null;
            return new MoveOrder(batch, target?.Id ?? throw new QueueGoneException(0), new Dictionary<string, long>());
        }
        var source = Kernel.Arn.TryParse(task.SourceArn, out var parsed) ? parsed : throw new QueueGoneException(0);
        var origins = queues.List($"{source.AccountId}/{source.Region}").ToDictionary(q => q.ArnText, q => q.Id, StringComparer.Ordinal);
        return new MoveOrder(batch, null, origins);
    }

    private async ValueTask UpdateAsync(DocumentKey key, Func<MoveTaskDocument, MoveTaskDocument> change)
    {
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var task = await documents.GetAsync(MoveTaskDocument.Kind, key.Scope, key.Name, CancellationToken.None);
            if (task is null)
            {
                return;
            }
            var commit = new Commit().Update(MoveTaskDocument.Kind, task, change(task.Value));
            if ((await documents.CommitAsync(commit, CancellationToken.None)).Committed)
            {
                return;
            }
        }
    }
}
