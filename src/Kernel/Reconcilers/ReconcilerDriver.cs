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

    private readonly Lock _gate = new();
    private readonly Dictionary<(Reconciler Reconciler, string Shard), ShardState> _shards = [];
    private readonly Channel<(Reconciler Reconciler, string Shard)> _due = Channel.CreateUnbounded<(Reconciler, string)>();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];

    public void Start()
    {
        _loops.Add(Task.Run(WatchAsync));
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

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var change in documents.WatchAsync(documents.Revision, _stop.Token))
            {
                foreach (var reconciler in reconcilers)
                {
                    if (change.Resync)
                    {
                        await SignalAllAsync(reconciler);
                    }
                    else if (reconciler.ShardOf(change) is { } shard)
                    {
                        Signal(reconciler, shard);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
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
            foreach (var shard in await reconciler.ListShardsAsync(_stop.Token))
            {
                Signal(reconciler, shard);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogListFailed(reconciler.Name, error);
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
    }
}

public sealed record ShardStatus(string Reconciler, string Shard, DateTimeOffset? LastPass, TimeSpan LastDuration, string? LastError);
