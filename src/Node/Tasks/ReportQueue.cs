namespace Longspan.Node.Tasks;

/// <summary>
/// A task's unsent reports: strictly in order, kept on disk with the task until the server has taken them. The runner adds, one sender
/// removes.
/// </summary>
internal sealed class ReportQueue(SavedTask task, Action save)
{
    private TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    /// <summary>Called when there is something to send. Set once, before the runner starts.</summary>
    public Action Announce { get; set; } = static () => { };

    public string Arn => task.Arn;

    /// <summary>
    /// The runner saves afterwards, before it announces. Changes within one status are told together while they wait: the latest word on
    /// each container is all that the server would keep. So a cut of any length leaves no more than a few reports, and loses none.
    /// </summary>
    public void Add(TaskReport report)
    {
        lock (task)
        {
            // The oldest one may be on its way already.
            if (task.Unsent is [_, .., var last] && last.Status == report.Status)
            {
                task.Unsent[^1] = report with
                {
                    Containers = [.. last.Containers.Where(c => report.Containers.All(n => n.Name != c.Name)), .. report.Containers],
                };
                return;
            }
            task.Unsent.Add(report);
        }
    }

    /// <summary>Takes the report of the task's end back, unless it has been taken by the server.</summary>
    public bool TakeBackEnd()
    {
        lock (task)
        {
            if (task.Unsent is not [.., { Status: "STOPPED" }])
            {
                return false;
            }
            task.Unsent.RemoveAt(task.Unsent.Count - 1);
            _closed = false;
            _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return true;
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
