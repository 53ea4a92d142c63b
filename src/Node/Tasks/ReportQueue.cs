namespace Longspan.Node.Tasks;

/// <summary>
/// A task's unsent reports: strictly in order, kept on disk with the task until the server has taken them. The runner adds, one sender
/// removes.
/// </summary>
internal sealed class ReportQueue(SavedTask task, Action save)
{
    private sealed record Attempt(TaskReport Report, CancellationTokenSource Abandon, Task Over);

    private Attempt? _attempt;
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

    /// <summary>
    /// Takes the report of the task's end back, unless the server has confirmed it. An attempt to send it that is under way is abandoned, and
    /// its end is awaited: by then its connection is reset (<see cref="Control.ReportConnections"/>), so nothing of it is sent any more.
    /// <para>
    /// What has left this machine may wait in the network, or in a proxy, and arrive later. The server does not take it then: it names a
    /// connection that has ended. Not guaranteed is that the server has not heard it in time. A server that took the report, but whose answer was
    /// lost (a link cut in one direction, or in just that moment), cannot be told from one that heard nothing. The task then runs here and, once
    /// the server has replaced it, elsewhere, until the link is back; the server then has this one stopped. A service without its task for a
    /// cut of any length would be the worse of the two.
    /// </para>
    /// </summary>
    public async Task<bool> TakeBackEndAsync()
    {
        while (true)
        {
            Attempt underWay;
            lock (task)
            {
                if (task.Unsent is not [.., { Status: "STOPPED" } end])
                {
                    return false;
                }
                if (_attempt is null || !ReferenceEquals(_attempt.Report, end))
                {
                    task.Unsent.RemoveAt(task.Unsent.Count - 1);
                    _closed = false;
                    _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    return true;
                }
                underWay = _attempt;
            }
            await underWay.Abandon.CancelAsync();
            await underWay.Over;
        }
    }

    /// <summary>One attempt to have the server take the oldest report; nothing if it is not that any more. Throws what the attempt throws.</summary>
    public async Task AttemptAsync(TaskReport report, Func<CancellationToken, Task> submit, CancellationToken stop)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (task)
        {
            if (task.Unsent is not [var oldest, ..] || !ReferenceEquals(oldest, report))
            {
                return;
            }
            _attempt = new Attempt(report, abandon, over.Task);
        }
        try
        {
            await submit(abandon.Token);
            Sent(report);
        }
        finally
        {
            lock (task)
            {
                _attempt = null;
            }
            over.SetResult();
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
