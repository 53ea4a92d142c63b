using System.Collections.Concurrent;

namespace Longspan.System.Tests.Embedded;

/// <summary>Somebody who loads the page over and over, on several connections, and notes every failure.</summary>
internal sealed class Visitor : IAsyncDisposable
{
    private const int Connections = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Shop _shop;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _loops;
    private int _seen;

    public Visitor(Shop shop)
    {
        _shop = shop;
        _loops = [.. Enumerable.Range(0, Connections).Select(_ => Task.Run(LookAsync))];
    }

    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Waits for this many more visits, so that the time after a change is looked at as well.</summary>
    public Task SawAsync(int more)
    {
        var enough = Volatile.Read(ref _seen) + more;
        return Soon.SeeAsync($"{more} more visits", () => Task.FromResult(Volatile.Read(ref _seen)), seen => seen >= enough);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }

    private async Task LookAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            if (await _shop.FaultOfPageAsync() is { } fault)
            {
                Faults.Enqueue(fault);
            }
            Interlocked.Increment(ref _seen);
            await Task.Delay(Pause, CancellationToken.None);
        }
    }
}
