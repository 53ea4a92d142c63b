namespace Longspan.Server.Endpoint;

/// <summary>
/// Keeps AWS calls and a reset apart: a call that saw half an emptied store would fail in ways that no client can explain. Calls that
/// come while a reset runs wait for its end, which is milliseconds. Only servers that can be reset have a gate.
/// </summary>
internal sealed class CallGate : IDisposable
{
    /// <summary>Working calls end in this time; those that are left are long polls, and they are ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private readonly Lock _state = new();
    private readonly SemaphoreSlim _resets = new(1, 1);
    private int _inside;
    private TaskCompletionSource? _reopened;
    private TaskCompletionSource? _emptied;
    private CancellationTokenSource _evict = new();

    /// <summary>Lets a call in; <see cref="Leave"/> must follow. The token ends it when a reset cannot wait for it.</summary>
    public async ValueTask<CancellationToken> EnterAsync(CancellationToken stop)
    {
        while (true)
        {
            Task closed;
            lock (_state)
            {
                if (_reopened is null)
                {
                    _inside++;
                    return _evict.Token;
                }
                closed = _reopened.Task;
            }
            await closed.WaitAsync(stop);
        }
    }

    public void Leave()
    {
        lock (_state)
        {
            if (--_inside == 0)
            {
                _emptied?.TrySetResult();
            }
        }
    }

    public async Task RunAloneAsync(Func<Task> work)
    {
        await _resets.WaitAsync();
        var emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_state)
        {
            _reopened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _emptied = emptied;
            if (_inside == 0)
            {
                emptied.SetResult();
            }
            if (!emptied.Task.IsCompleted)
            {
                _evict.CancelAfter(Grace);
            }
        }
        try
        {
            await emptied.Task;
            await work();
        }
        finally
        {
            lock (_state)
            {
                _evict.Dispose();
                _evict = new CancellationTokenSource();
                _reopened.SetResult();
                (_reopened, _emptied) = (null, null);
            }
            _resets.Release();
        }
    }

    public void Dispose()
    {
        _evict.Dispose();
        _resets.Dispose();
    }
}
