using System.Collections.Concurrent;
using Longspan.Api.Shapes;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Control;

/// <summary>
/// Sends reports: in order within a task, tasks beside each other, each until the server has taken it. What the server calls invalid is
/// dropped, or it would hold up the task's later reports for ever. A reconnected link ends all pauses.
/// </summary>
internal sealed class StateReporter(
    Func<string, TaskReport, CancellationToken, Task> submit, TimeSpan retryLimit, TimeProvider time, ILogger log, CancellationToken stop)
    : IAsyncDisposable
{
    private const int MaxInFlight = 10;
    private readonly SemaphoreSlim _slots = new(MaxInFlight);
    private readonly ConcurrentDictionary<string, Task> _loops = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly HashSet<string> _running = [];
    // The same for most tasks, and for as long as nobody mends it: said once.
    private string? _refusal;
    private TaskCompletionSource _reunion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Announce(ReportQueue queue)
    {
        lock (_lock)
        {
            if (queue.Oldest is null || stop.IsCancellationRequested || !_running.Add(queue.Arn))
            {
                return;
            }
            _loops[queue.Arn] = Task.Run(() => SendAllAsync(queue));
        }
    }

    /// <summary>The server answers again: whoever waits tries now.</summary>
    public void Reunite()
    {
        lock (_lock)
        {
            _reunion.TrySetResult();
            _reunion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>After the stop token was cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_loops.Values);
        _slots.Dispose();
    }

    private async Task SendAllAsync(ReportQueue queue)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(200), retryLimit);
        try
        {
            while (true)
            {
                TaskReport? report;
                lock (_lock)
                {
                    report = queue.Oldest;
                    if (report is null)
                    {
                        // Under the lock: an announcement after this starts a new loop.
                        _running.Remove(queue.Arn);
                        _loops.TryRemove(queue.Arn, out _);
                        return;
                    }
                }
                if (await TrySendAsync(queue, report))
                {
                    backoff.Reset();
                    continue;
                }
                Task reunion;
                lock (_lock)
                {
                    reunion = _reunion.Task;
                }
                await Task.WhenAny(Task.Delay(backoff.Next(), time, stop), reunion);
                stop.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            // Kept on disk for the next run.
        }
    }

    private async Task<bool> TrySendAsync(ReportQueue queue, TaskReport report)
    {
        await _slots.WaitAsync(stop);
        try
        {
            await queue.AttemptAsync(report, s => SubmitAsync(queue.Arn, report, s), stop);
            return true;
        }
        catch (Exception e) when (!stop.IsCancellationRequested && (e is AwsError || ControlPlane.IsTransient(e)))
        {
            var isNews = e is AwsError { IsServerFault: false } && Interlocked.Exchange(ref _refusal, e.Message) != e.Message;
            log.Log(isNews ? LogLevel.Warning : LogLevel.Debug, "Report of {Task} waits on this node: {Message}", queue.Arn, e.Message);
            return false;
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task SubmitAsync(string task, TaskReport report, CancellationToken stop)
    {
        try
        {
            await submit(task, report, stop);
        }
        catch (AwsError e) when (e.Code == "InvalidParameterException")
        {
            log.LogWarning("The server refused a report of {Task}, {Status}: {Message}", task, report.Status, e.Message);
        }
    }
}
