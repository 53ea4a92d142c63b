using System.Diagnostics;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;

namespace Longspan.Load;

/// <summary>Sends, receives and deletes batches of ten on the store itself: what group commit yields without HTTP around it.</summary>
internal static class StoreLoad
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var folder = Directory.CreateTempSubdirectory("longspan-load-");
        var store = SqliteMessageBackend.Open(folder.FullName, TimeProvider.System);
        for (var queue = 1; queue <= arguments.Queues; queue++)
        {
            await store.OpenAsync(queue, new QueueSettings { Fifo = arguments.Fifo }, default);
        }
        if (arguments.Backlog > 0)
        {
            var filling = Stopwatch.StartNew();
            await FillAsync(store, arguments);
            Console.WriteLine($"backlog of {arguments.Backlog} stored in {filling.Elapsed.TotalSeconds:F1} s ({arguments.Backlog / filling.Elapsed.TotalSeconds:F0}/s)");
            Report();
        }
        var watch = Stopwatch.StartNew();
        var process = Process.GetCurrentProcess().TotalProcessorTime;
        var sends = new Latencies();
        var counts = await Task.WhenAll(Enumerable.Range(0, arguments.Workers).Select(w => Task.Run(() => CycleAsync(store, arguments, w, watch, sends))));
        var messages = counts.Sum();
        var spent = Process.GetCurrentProcess().TotalProcessorTime - process;
        Console.WriteLine($"{messages / watch.Elapsed.TotalSeconds:F0} messages/s sent, received and deleted; {spent.TotalMicroseconds / messages:F1} us of processor each");
        Console.WriteLine($"send of ten: {sends.Summary()}");
        Report();
        var closing = Stopwatch.StartNew();
        await store.DisposeAsync();
        Console.WriteLine($"closed in {closing.ElapsedMilliseconds} ms; on disk {folder.EnumerateFiles().Sum(f => f.Length) / 1_000_000.0:F0} MB");
        var opening = Stopwatch.StartNew();
        await SqliteMessageBackend.Open(folder.FullName, TimeProvider.System).DisposeAsync();
        Console.WriteLine($"opened and closed in {opening.ElapsedMilliseconds} ms");
        folder.Delete(recursive: true);
        return 0;
    }

    private static async Task<long> CycleAsync(SqliteMessageBackend store, Arguments arguments, int worker, Stopwatch watch, Latencies sends)
    {
        var queue = (worker % arguments.Queues) + 1;
        var done = 0L;
        while (watch.Elapsed < arguments.Length)
        {
            var start = watch.Elapsed;
            await store.SendAsync(queue, Batch(arguments, worker), default);
            sends.Add(watch.Elapsed - start);
            var reception = await store.ReceiveAsync(queue, new ReceiveOrder(10, TimeSpan.FromSeconds(30), TimeSpan.Zero), default);
            await store.DeleteAsync(queue, [.. reception.Messages.Select(m => m.Receipt)], default);
            done += reception.Messages.Count;
        }
        return done;
    }

    private static async Task FillAsync(SqliteMessageBackend store, Arguments arguments)
    {
        var left = arguments.Backlog;
        await Task.WhenAll(Enumerable.Range(0, arguments.Workers).Select(worker => Task.Run(async () =>
        {
            while (Interlocked.Add(ref left, -10) >= 0)
            {
                await store.SendAsync((worker % arguments.Queues) + 1, Batch(arguments, worker), default);
            }
        })));
    }

    private static NewMessage[] Batch(Arguments arguments, int worker)
    {
        var batch = new NewMessage[10];
        for (var i = 0; i < batch.Length; i++)
        {
            var id = Guid.CreateVersion7();
            batch[i] = new NewMessage(id, new byte[arguments.Body])
            {
                GroupId = arguments.Fifo ? $"g{worker}-{i}" : null,
                Deduplication = arguments.Fifo ? BitConverter.ToUInt128(id.ToByteArray()) : 0,
            };
        }
        return batch;
    }

    private static void Report()
    {
        using var process = Process.GetCurrentProcess();
        Console.WriteLine($"memory: {process.WorkingSet64 / 1_000_000} MB resident, {GC.GetTotalMemory(false) / 1_000_000} MB managed");
    }
}
