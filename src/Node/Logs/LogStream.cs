using Longspan.Node.Engines;
using Longspan.Node.State;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Logs;

/// <summary>What delivery of one batch came to.</summary>
internal enum Delivery
{
    Taken,
    /// <summary>Not now; the same batch again later.</summary>
    Later,
    /// <summary>Never; the server says that this batch is not acceptable.</summary>
    Refused,
}

internal delegate Task<Delivery> BatchSender(LogTarget target, long sequence, IReadOnlyList<(DateTimeOffset At, string Text)> events, CancellationToken stop);

/// <summary>
/// One container's output on its way: a follower reads it from the engine into the spool, a shipper takes batches from the spool to the
/// server. They share nothing but the spool, so the container is never held up by the server.
/// </summary>
internal sealed class LogStream : IAsyncDisposable
{
    private const int MaxEvents = 5000;
    /// <summary>PutLogEvents counts 26 bytes for each event on top of its text; this leaves room for that.</summary>
    private const long MaxBytes = 768 * 1024;
    private static readonly TimeSpan Coalesce = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan DiskRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FollowRetry = TimeSpan.FromSeconds(1);

    private readonly LogTarget _target;
    private readonly string _folder;
    private readonly ContainerEngine _engine;
    private readonly BatchSender _send;
    private readonly LogSpool _spool;
    private readonly TimeProvider _time;
    private readonly TimeSpan _retryLimit;
    private readonly ILogger _log;
    private readonly CancellationToken _stop;
    private readonly Signal _written;
    private readonly Lock _lock = new();
    private LogProgress _progress;
    private ReadMark _read;
    private long _lost;
    private Task _following = Task.CompletedTask;
    private readonly Task _shipping;
    private volatile bool _closing;
    private TaskCompletionSource _reunion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogStream(
        string folder, LogTarget target, ContainerEngine engine, BatchSender send, SpoolBudget budget, NodeSettings settings, ILogger log,
        CancellationToken stop)
    {
        _folder = folder;
        _target = target;
        _engine = engine;
        _send = send;
        _time = settings.Time;
        _retryLimit = settings.RetryLimit;
        _log = log;
        _stop = stop;
        _written = new Signal(_time);
        _progress = StateFolder.Read(Path.Combine(folder, LogProgress.FileName), LogJson.Default.LogProgress) ?? new LogProgress();
        _lost = _progress.Lost;
        _spool = new LogSpool(folder, budget);
        _read = _spool.Recovered.IsAfter(_progress.Read) ? _spool.Recovered : _progress.Read;
        _shipping = Task.Run(ShipAsync, CancellationToken.None);
    }

    public LogTarget Target => _target;

    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Called when everything is delivered and nothing more can come.</summary>
    public Action<LogStream> Finished { get; set; } = static _ => { };

    /// <summary>Reads on, unless it is reading already.</summary>
    public void Follow()
    {
        lock (_lock)
        {
            if (_following.IsCompleted && !_closing)
            {
                _following = Task.Run(FollowAsync, CancellationToken.None);
            }
        }
    }

    /// <summary>Ends when the output of an ended container is all in the spool. Afterwards the container may go.</summary>
    public async Task DrainAsync(CancellationToken stop)
    {
        Task following;
        lock (_lock)
        {
            following = _following;
        }
        await following.WaitAsync(stop);
        _closing = true;
        _written.Set();
    }

    public void Reunite()
    {
        lock (_lock)
        {
            _reunion.TrySetResult();
            _reunion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task FollowAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                // The engine's own "since" is inclusive and may be coarse: what was read before is passed over by count.
                var start = _read;
                var same = 0;
                await foreach (var line in _engine.ReadOutputAsync(_target.EngineName, start.Count > 0 ? start.At : null, _stop))
                {
                    if (line.At < start.At || (line.At == start.At && ++same <= start.Count))
                    {
                        continue;
                    }
                    if (line.Text.Length > 0 && !_spool.TryAppend(line.At, line.Text))
                    {
                        Interlocked.Increment(ref _lost);
                    }
                    lock (_lock)
                    {
                        _read = line.At >= _read.At ? _read.Next(line.At) : _read;
                    }
                    _written.Set();
                }
                return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (EngineException e) when (e.Fault == EngineFault.NotFound)
            {
                return;
            }
            catch (EngineException e)
            {
                _log.LogDebug("Output of {Container}: {Message}", _target.EngineName, e.Message);
            }
            try
            {
                await Task.Delay(FollowRetry, _time, _stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ShipAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ShipAllAsync();
                return;
            }
            catch (IOException e)
            {
                _log.LogWarning("Logs of {Container} wait: {Message}", _target.EngineName, e.Message);
            }
            catch (OperationCanceledException)
            {
                // The rest stays in the spool for the next run.
                return;
            }
            await Task.WhenAny(Task.Delay(DiskRetry, _time, _stop));
        }
    }

    private async Task ShipAllAsync()
    {
        if (_progress.To > _progress.From)
        {
            // Under way when the node ended: the server may have it already and will know it by its number.
            await ShipAsync(new SpoolRange(_progress.Segment, _progress.From, _progress.To));
        }
        while (true)
        {
            if (_spool.Next(_progress.Segment, _progress.To, MaxEvents, MaxBytes) is { } range)
            {
                Save(_progress with { Sequence = _progress.Sequence + 1, Segment = range.Segment, From = range.From, To = range.To });
                await ShipAsync(range);
                continue;
            }
            if (_closing)
            {
                _spool.Remove();
                Directory.Delete(_folder, recursive: true);
                Finished(this);
                return;
            }
            await _written.WaitAsync(_stop);
            await Task.Delay(Coalesce, _time, _stop);
        }
    }

    private async Task ShipAsync(SpoolRange range)
    {
        // Within a batch the service wants order by time; two outputs of one container may arrive slightly mixed.
        var events = _spool.Take(range).OrderBy(e => e.At).ToList();
        var backoff = new Backoff(TimeSpan.FromMilliseconds(300), _retryLimit);
        while (events.Count > 0)
        {
            Task reunion;
            lock (_lock)
            {
                reunion = _reunion.Task;
            }
            switch (await _send(_target, _progress.Sequence, events, _stop))
            {
                case Delivery.Taken:
                    _progress = _progress with { From = range.To };
                    return;
                case Delivery.Refused:
                    Interlocked.Add(ref _lost, events.Count);
                    _progress = _progress with { From = range.To };
                    return;
            }
            await Task.WhenAny(Task.Delay(backoff.Next(), _time, _stop), reunion);
            _stop.ThrowIfCancellationRequested();
        }
    }

    private void Save(LogProgress next)
    {
        ReadMark read;
        lock (_lock)
        {
            read = _read;
        }
        _progress = next with { ReadTicks = read.At.UtcTicks, ReadCount = read.Count, Lost = Lost };
        StateFolder.Write(Path.Combine(_folder, LogProgress.FileName), _progress, LogJson.Default.LogProgress);
    }

    /// <summary>After the stop token was cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_shipping, _following);
        _spool.Dispose();
    }
}
