using System.Diagnostics;

namespace Longspan.Load.Peers;

/// <summary>What is asked of every peer. Connections are opened before the clock starts, and each measure has a queue of its own.</summary>
internal static class Measures
{
    public const int CycleConnections = 32;
    public const int SingleConnections = 64;
    private static readonly TimeSpan FillLimit = TimeSpan.FromSeconds(12);
    private static int _queues;

    private delegate Task<int> Step(int worker, IPeerConnection connection, Stopwatch watch, Latencies times);

    /// <summary>Each worker publishes ten, then takes and acknowledges up to ten. What counts is what was acknowledged.</summary>
    public static Task<Sample> CycleAsync(IPeer peer, TimeSpan length) => OnQueueAsync(peer, queue => CycleAsync(peer, queue, length));

    /// <summary>One message a call, as fast as they go, or at a steady rate; then a call's time counts from when it was due.</summary>
    public static Task<Sample> SinglesAsync(IPeer peer, TimeSpan length, double rate = 0, int connections = SingleConnections) => OnQueueAsync(peer, queue =>
    {
        var sent = new int[connections];
        return RunAsync(peer, queue, connections, consumes: false, length, async (worker, connection, watch, times) =>
        {
            var due = rate == 0 ? watch.Elapsed : TimeSpan.FromSeconds((sent[worker]++ + ((double)worker / connections)) * connections / rate);
            if (due >= length)
            {
                await Task.Delay(length - watch.Elapsed > TimeSpan.Zero ? length - watch.Elapsed : TimeSpan.Zero);
                return 0;
            }
            if (due > watch.Elapsed)
            {
                await Task.Delay(due - watch.Elapsed);
            }
            await connection.PublishAsync(1);
            times.Add(watch.Elapsed - due);
            return 1;
        });
    });

    /// <summary>Fills a queue, runs the cycle behind what is in it, then only receives.</summary>
    public static Task<BacklogSample> BacklogAsync(IPeer peer, int depth, TimeSpan length) => OnQueueAsync(peer, async queue =>
    {
        var left = depth;
        var fill = await RunAsync(peer, queue, CycleConnections, consumes: false, FillLimit, async (_, connection, watch, times) =>
        {
            if (Interlocked.Add(ref left, -Batch.Size) < 0)
            {
                return -1;
            }
            await TimedAsync(watch, times, () => connection.PublishAsync(Batch.Size));
            return Batch.Size;
        });
        var cycle = await CycleAsync(peer, queue, length);
        var drain = await RunAsync(peer, queue, CycleConnections, consumes: true, length, async (_, connection, watch, times) =>
        {
            var start = watch.Elapsed;
            var taken = await connection.ConsumeAsync();
            times.Add(watch.Elapsed - start);
            return taken == 0 ? -1 : taken;
        });
        return new BacklogSample(fill, cycle, drain);
    });

    private static Task<Sample> CycleAsync(IPeer peer, string queue, TimeSpan length) =>
        RunAsync(peer, queue, CycleConnections, consumes: true, length, async (_, connection, watch, times) =>
        {
            var start = watch.Elapsed;
            await connection.PublishAsync(Batch.Size);
            var taken = await connection.ConsumeAsync();
            times.Add(watch.Elapsed - start);
            return taken;
        });

    public static async Task<T> OnQueueAsync<T>(IPeer peer, Func<string, Task<T>> measure)
    {
        var queue = $"load{Interlocked.Increment(ref _queues)}";
        await peer.CreateQueueAsync(queue);
        var result = await measure(queue);
        await peer.DeleteQueueAsync(queue);
        return result;
    }

    /// <summary>Every worker repeats the step until the time is over or the step answers less than zero.</summary>
    private static async Task<Sample> RunAsync(IPeer peer, string queue, int count, bool consumes, TimeSpan length, Step step)
    {
        var connections = new IPeerConnection[count];
        for (var i = 0; i < count; i++)
        {
            connections[i] = await peer.ConnectAsync(queue, consumes);
        }
        var times = new Latencies();
        var (client, server) = (Environment.CpuUsage.TotalTime, peer.Server.Cpu());
        var watch = Stopwatch.StartNew();
        var messages = (await Task.WhenAll(connections.Select((connection, worker) => Task.Run(async () =>
        {
            var done = 0L;
            while (watch.Elapsed < length)
            {
                var more = await step(worker, connection, watch, times);
                if (more < 0)
                {
                    break;
                }
                done += more;
            }
            return done;
        })))).Sum();
        var took = watch.Elapsed;
        (client, server) = (Environment.CpuUsage.TotalTime - client, peer.Server.Cpu() - server);
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
        return messages == 0
            ? throw new InvalidOperationException($"{peer.Name}: no message in {took}.")
            : new Sample(messages, messages / took.TotalSeconds, times.At(0.5), times.At(0.99), client.TotalMicroseconds / messages, server.TotalMicroseconds / messages);
    }

    private static async Task TimedAsync(Stopwatch watch, Latencies times, Func<Task> call)
    {
        var start = watch.Elapsed;
        await call();
        times.Add(watch.Elapsed - start);
    }
}

/// <param name="Fill">Batches of ten until the depth or the time was reached.</param>
/// <param name="Cycle">Publish, receive, acknowledge behind the backlog.</param>
/// <param name="Drain">Receive and acknowledge only.</param>
internal sealed record BacklogSample(Sample Fill, Sample Cycle, Sample Drain);
