using System.Threading.Channels;
using Longspan.Store.Documents;
using Microsoft.Extensions.Logging;

namespace Longspan.Kernel.Reconcilers;

/// <summary>
/// Runs the passes of all modules. One watcher reads the change feed and marks shards as due; each shard is single-flight; a shard
/// that is signalled while its pass runs is run once more. Failures back off per shard. At most <see cref="MaximumParallelPasses"/>
/// passes run at a time, so a storm of changes cannot starve the API.
/// </summary>
public sealed partial class ReconcilerDriver(
    DocumentLog documents, IReadOnlyList<Reconciler> reconcilers, TimeProvider clock, ILogger<ReconcilerDriver> log) : IAsyncDisposable
{
    public const int MaximumParallelPasses = 8;
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(Reconciler Reconciler, string Shard), ShardState> _shards = [];
    private readonly Channel<(Reconciler Reconciler, string Shard)> _due = Channel.CreateUnbounded<(Reconciler, string)>();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];

    public void Start()
    {
        // Read here, before the first lists are: what is committed while they are made must come through the feed.
        var from = documents.Revision;
        _loops.Add(Task.Run(() => WatchAsync(from)));
        foreach (var reconciler in reconcilers)
        {
            _loops.Add(Task.Run(() => ListPeriodicallyAsync(reconciler)));
        }
        for (var i = 0; i < MaximumParallelPasses; i++)
        {
            _loops.Add(Task.Run(RunPassesAsync));
        }
    }

    /// <summary>Each shard's last outcome, for status pages.</summary>
    public IReadOnlyList<ShardStatus> Status()
    {
        lock (_gate)
        {
            return [.. _shards.Select(s =>
                new ShardStatus(s.Key.Reconciler.Name, s.Key.Shard, s.Value.LastPass, s.Value.LastDuration, s.Value.LastError))];
        }
    }

    /// <summary>Marks a shard as due now. A queue entry exists at most once per shard, which is what bounds the queue.</summary>
    public void Signal(Reconciler reconciler, string shard)
    {
        lock (_gate)
        {
            var key = (reconciler, shard);
            if (!_shards.TryGetValue(key, out var state))
            {
                _shards[key] = state = new ShardState();
            }
            if (state.Running)
            {
                state.Again = true;
            }
            else if (!state.Queued)
            {
                state.Queued = true;
                _due.Writer.TryWrite(key);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        lock (_gate)
        {
            foreach (var state in _shards.Values)
            {
                state.Timer?.Dispose();
            }
        }
        _stop.Dispose();
    }

    private async Task WatchAsync(long from)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var change in documents.WatchAsync(from, _stop.Token))
                {
                    from = change.Revision;
                    foreach (var reconciler in reconcilers)
                    {
                        await SignalAsync(reconciler, change);
                    }
                }
                return;
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // A feed that cannot be read now may be later. Half of the revision may be seen already: that one is read again.
                LogWatchFailed(error);
                from = Math.Max(0, from - 1);
                await Task.Delay(WatchPause, clock, _stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    // One reconciler that chokes on a change must not deafen the others, nor itself to what comes next.
    private async ValueTask SignalAsync(Reconciler reconciler, DocumentChange change)
    {
        if (change.Resync)
        {
            await SignalAllAsync(reconciler);
            return;
        }
        try
        {
            if (reconciler.ShardOf(change) is { } shard)
            {
                Signal(reconciler, shard);
            }
        }
        catch (Exception error)
        {
            LogSignalFailed(reconciler.Name, change.Key.ToString(), error);
        }
    }

    private async Task ListPeriodicallyAsync(Reconciler reconciler)
    {
        using var timer = new PeriodicTimer(reconciler.Period, clock);
        try
        {
            do
            {
                await SignalAllAsync(reconciler);
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task SignalAllAsync(Reconciler reconciler)
    {
        try
        {
            var shards = await reconciler.ListShardsAsync(_stop.Token);
            foreach (var shard in shards)
            {
                Signal(reconciler, shard);
            }
            Forget(reconciler, shards);
        }
        catch (Exception error) when (!_stop.IsCancellationRequested)
        {
            LogListFailed(reconciler.Name, error);
        }
    }

    // Shards come and go with what they stand for; without this their states would stay for as long as the server runs.
    private void Forget(Reconciler reconciler, IReadOnlyList<string> existing)
    {
        var kept = existing.ToHashSet(StringComparer.Ordinal);
        lock (_gate)
        {
            foreach (var key in _shards.Where(s => s.Key.Reconciler == reconciler && s.Value.IsIdle && !kept.Contains(s.Key.Shard)).Select(s => s.Key).ToArray())
            {
                _shards.Remove(key);
            }
        }
    }

    private async Task RunPassesAsync()
    {
        try
        {
            await foreach (var (reconciler, shard) in _due.Reader.ReadAllAsync(_stop.Token))
            {
                await RunPassAsync(reconciler, shard);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task RunPassAsync(Reconciler reconciler, string shard)
    {
        ShardState state;
        lock (_gate)
        {
            state = _shards[(reconciler, shard)];
            state.Queued = false;
            state.Running = true;
            // This pass makes the next appointment.
            state.Timer?.Dispose();
            state.Timer = null;
        }
        var started = clock.GetTimestamp();
        TimeSpan? next = null;
        string? failure = null;
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            limit.CancelAfter(reconciler.PassLimit);
            try
            {
                next = await reconciler.RunAsync(shard, limit.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                failure = error.Message;
                LogPassFailed(reconciler.Name, shard, error);
            }
        }
        Finish(reconciler, shard, state, clock.GetElapsedTime(started), next, failure);
    }

    private void Finish(Reconciler reconciler, string shard, ShardState state, TimeSpan took, TimeSpan? next, string? failure)
    {
        bool again;
        lock (_gate)
        {
            state.Running = false;
            state.LastPass = clock.GetUtcNow();
            state.LastDuration = took;
            state.LastError = failure;
            state.Failures = failure is null ? 0 : state.Failures + 1;
            again = state.Again && failure is null;
            state.Again = false;
        }
        if (again)
        {
            Signal(reconciler, shard);
        }
        else if (failure is not null)
        {
            var backoff = FirstBackoff * Math.Pow(2, Math.Min(state.Failures - 1, 10));
            SignalLater(reconciler, shard, state, backoff < LongestBackoff ? backoff : LongestBackoff);
        }
        else if (next is { } delay)
        {
            SignalLater(reconciler, shard, state, delay);
        }
    }

    // One timer per shard: a new appointment replaces the old one.
    private void SignalLater(Reconciler reconciler, string shard, ShardState state, TimeSpan delay)
    {
        lock (_gate)
        {
            state.Timer?.Dispose();
            state.Timer = clock.CreateTimer(_ => Signal(reconciler, shard), null, delay, Timeout.InfiniteTimeSpan);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reconciler {Reconciler} failed on {Shard}; it will run again")]
    private partial void LogPassFailed(string reconciler, string shard, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The change feed could not be read; passes run on their timers until it can")]
    private partial void LogWatchFailed(Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Reconciler {Reconciler} could not tell whether {Key} concerns it")]
    private partial void LogSignalFailed(string reconciler, string key, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reconciler {Reconciler} could not list its shards")]
    private partial void LogListFailed(string reconciler, Exception error);

    private sealed class ShardState
    {
        public bool Queued { get; set; }
        public bool Running { get; set; }
        public bool Again { get; set; }
        public int Failures { get; set; }
        public DateTimeOffset? LastPass { get; set; }
        public TimeSpan LastDuration { get; set; }
        public string? LastError { get; set; }
        public ITimer? Timer { get; set; }
        public bool IsIdle => !Queued && !Running && Timer is null;
    }
}

public sealed record ShardStatus(string Reconciler, string Shard, DateTimeOffset? LastPass, TimeSpan LastDuration, string? LastError);
