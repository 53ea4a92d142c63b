using System.Globalization;
using System.Text;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support.History;

namespace Longspan.Crash;

/// <summary>
/// Producers and consumers on a message store until they are killed, with bounds so small that checkpoints, paging and recovery happen all the
/// time. What they do is random; what they did is written down as a <see cref="HistoryEvent"/> a line.
/// </summary>
public static class MessageLoad
{
    private const int Bodies = 400;
    private static long s_writes;

    /// <summary>Queues by their number. Only two are ever purged or expire, so that nothing excuses a loss in the others.</summary>
    public static IReadOnlyDictionary<long, HistoryQueue> Queues { get; } = new Dictionary<long, HistoryQueue>
    {
        [1] = new("plain", false) { MaximumReceives = 4, DeadLetters = "plain-dead" },
        [2] = new("order", true) { MaximumReceives = 5, DeadLetters = "order-dead" },
        [3] = new("plain-dead", false),
        [4] = new("order-dead", true),
        [5] = new("purged", false),
        [6] = new("short", false) { RetentionMillis = 1_500 },
        [7] = new("order-purged", true),
    };

    public static SqliteMessageSettings Settings { get; } = new()
    {
        CheckpointBytes = 60_000, CheckpointEntries = 500, WindowBytes = 30_000, LookaheadBytes = 60_000, LowWater = 30, PageSize = 40, MinimumShare = 4_000,
        SweepPeriod = TimeSpan.FromMilliseconds(200),
        BeforeJournalWrite = LingerNowAndThen,
    };

    public static async Task OpenQueuesAsync(MessageBackend store)
    {
        foreach (var (number, queue) in Queues.Reverse())
        {
            var settings = new QueueSettings { Fifo = queue.Fifo, SourceTag = queue.Name };
            if (queue.RetentionMillis < 1_000_000)
            {
                settings = settings with { Retention = TimeSpan.FromMilliseconds(queue.RetentionMillis) };
            }
            if (queue.DeadLetters is { } dead)
            {
                settings = settings with { MaximumReceives = queue.MaximumReceives, DeadLetterQueue = Queues.Single(q => q.Value.Name == dead).Key };
            }
            await store.OpenAsync(number, settings, default);
        }
    }

    /// <summary>The body says which message it is, and that it is whole.</summary>
    public static byte[] Body(string key)
    {
        var body = Encoding.UTF8.GetBytes(key.PadRight((Sum(key) % Bodies) + key.Length, '.'));
        return body;
    }

    public static string KeyOf(byte[] body)
    {
        var key = Encoding.UTF8.GetString(body).TrimEnd('.');
        return body.AsSpan().SequenceEqual(Body(key)) ? key : $"garbage-{Convert.ToHexString(body.AsSpan(0, Math.Min(16, body.Length)))}";
    }

    public static HistoryItem Delivered(ReceivedMessage message) => new(KeyOf(message.Payload))
    {
        Group = message.GroupId, Id = message.Receipt.Sequence.ToString(CultureInfo.InvariantCulture), Count = message.Receipt.Delivery,
    };

    /// <param name="round">Counts the starts; calls and messages of each round have numbers of their own.</param>
    /// <param name="carried">Unanswered sends of earlier rounds, to be sent again, and receives whose messages may be deleted late.</param>
    internal static async Task RunAsync(string folder, int round, int seed, IReadOnlyList<HistoryEvent> carried, Acknowledgements acknowledged)
    {
        acknowledged.Say("opening");
        await using var store = SqliteMessageBackend.Open(folder, TimeProvider.System, Settings);
        await OpenQueuesAsync(store);
        acknowledged.Say("ready");
        var recorder = new HistoryRecorder(e => acknowledged.Say(e.Encode()), round * 10_000_000L);
        var random = new Random(seed);
        var workers = new List<Task>();
        foreach (var (queue, rules) in Queues)
        {
            MessageWorker Worker() => new(store, recorder, queue, rules, new Random(random.Next()), $"{round}{(char)('a' + workers.Count)}");
            var mine = carried.Where(c => c.Queue == rules.Name).ToList();
            var busy = queue <= 2;
            workers.Add(Worker().ConsumeAsync(mine.Where(c => c.Kind == HistoryEvent.Receive).ToList()));
            if (busy)
            {
                workers.Add(Worker().ConsumeAsync([]));
                workers.Add(Worker().ConsumeAsync([]));
                workers.Add(Worker().ProduceAsync([]));
            }
            workers.Add(rules.Name.EndsWith("-dead", StringComparison.Ordinal)
                ? Worker().RedriveAsync()
                : Worker().ProduceAsync(mine.Where(c => c.Kind == HistoryEvent.Send).ToList()));
        }
        await await Task.WhenAny(workers);
    }

    /// <summary>A kill rarely falls between an answer and the write that it must not come before. A disk that takes its time makes room for it.</summary>
    private static void LingerNowAndThen()
    {
        if (Interlocked.Increment(ref s_writes) % 6 == 0)
        {
            SpinWait.SpinUntil(static () => false, 3);
        }
    }

    private static int Sum(string text) => text.Aggregate(7, (sum, c) => ((sum * 31) + c) & 0xFFFFFF);
}
