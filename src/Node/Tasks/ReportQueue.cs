namespace Longspan.Node.Tasks;

/// <summary>
/// A task's unsent reports: strictly in order, kept on disk with the task until the server has taken them. The runner adds, one sender
/// removes.
/// </summary>
internal sealed class ReportQueue(SavedTask task, Action save)
{
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    /// <summary>Called when there is something to send. Set once, before the runner starts.</summary>
    public Action Announce { get; set; } = static () => { };

    public string Arn => task.Arn;

    /// <summary>The runner saves afterwards, before it announces.</summary>
    public void Add(TaskReport report)
    {
        lock (task)
        {
            task.Unsent.Add(report);
        }
    }

    public TaskReport? Oldest
    {
        get
        {
            lock (task)
            {
                return task.Unsent is [var first, ..] ? first : null;
            }
        }
    }

    public void Sent(TaskReport report)
    {
        lock (task)
        {
            if (task.Unsent.Count > 0 && ReferenceEquals(task.Unsent[0], report))
            {
                task.Unsent.RemoveAt(0);
            }
            if (_closed && task.Unsent.Count == 0)
            {
                _empty.TrySetResult();
            }
        }
        save();
    }

    /// <summary>After the last report was added.</summary>
    public Task WhenEmptyAsync(CancellationToken stop)
    {
        lock (task)
        {
            _closed = true;
            if (task.Unsent.Count == 0)
            {
                _empty.TrySetResult();
            }
        }
        return _empty.Task.WaitAsync(stop);
    }
}
