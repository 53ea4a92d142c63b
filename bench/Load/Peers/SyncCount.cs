using System.Diagnostics;
using System.Globalization;

namespace Longspan.Load.Peers;

/// <summary>
/// Counts the system calls that put files on the disk while messages are published: what a promise is worth is seen here. With one
/// connection, 1,000 or more calls for 1,000 messages mean that none was acknowledged before a sync of its own.
/// </summary>
/// <param name="OneConnection">For 1,000 publishes.</param>
/// <param name="ManyConnections">For 1,000 publishes.</param>
/// <param name="Batches">For 100 times taking and acknowledging ten, on one connection.</param>
internal sealed record SyncCount(double OneConnection, double ManyConnections, double Batches)
{
    private const int ConsumedBatches = 200;
    private const string Calls = "fsync,fdatasync,msync,sync_file_range,syncfs";
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AttachLimit = TimeSpan.FromSeconds(10);

    public static async Task<SyncCount?> OfAsync(IPeer peer, string folder)
    {
        if (!Tool.Run("strace", "-V").Worked)
        {
            return null;
        }
        var one = await CountAsync(peer, folder, async () => (await Measures.SinglesAsync(peer, Length, connections: 1)).Messages);
        var many = await CountAsync(peer, folder, async () => (await Measures.SinglesAsync(peer, Length)).Messages);
        var batches = await Measures.OnQueueAsync(peer, async queue =>
        {
            await using var publisher = await peer.ConnectAsync(queue, consumes: false);
            for (var i = 0; i < ConsumedBatches; i++)
            {
                await publisher.PublishAsync(Batch.Size);
            }
            return await CountAsync(peer, folder, async () =>
            {
                await using var consumer = await peer.ConnectAsync(queue, consumes: true);
                var taken = 0L;
                while (await consumer.ConsumeAsync() is > 0 and var more)
                {
                    taken += more;
                }
                return taken;
            });
        });
        return new SyncCount(1000 * one, 1000 * many, 100 * Batch.Size * batches);
    }

    /// <summary>Calls for each of the messages that the work answers for.</summary>
    private static async Task<double> CountAsync(IPeer peer, string folder, Func<Task<long>> work)
    {
        var summary = Path.Combine(folder, "strace");
        var start = new ProcessStartInfo("strace", ["-f", "-c", "-e", $"trace={Calls}", "-o", summary, .. peer.Server.Tree().SelectMany(pid => (string[])["-p", $"{pid}"])])
        {
            RedirectStandardError = true,
        };
        using var strace = Process.Start(start)!;
        var attached = new TaskCompletionSource();
        strace.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("attached", StringComparison.Ordinal) == true)
            {
                attached.TrySetResult();
            }
        };
        strace.BeginErrorReadLine();
        long messages;
        try
        {
            await attached.Task.WaitAsync(AttachLimit);
            messages = await work();
        }
        finally
        {
            Tool.Run("kill", "-INT", $"{strace.Id}");
            await strace.WaitForExitAsync();
        }
        return (double)Count(summary) / messages;
    }

    /// <summary>Lines of strace's table are: share, seconds, microseconds a call, calls, perhaps errors, name.</summary>
    private static long Count(string summary) => File.ReadLines(summary)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length > 4 && Calls.Split(',').Contains(words[^1]))
        .Sum(words => long.Parse(words[3], CultureInfo.InvariantCulture));
}
