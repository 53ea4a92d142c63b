using System.Globalization;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;

namespace Longspan.Crash;

/// <summary>
/// Producers and consumers on a message store until they are killed, with bounds so small that checkpoints run all the time. They say what was
/// acknowledged, and what they are about to delete, because a delete may have happened though nobody was told:
/// <code>
///   s QUEUE SEQUENCE GROUP NUMBER   sent
///   v SEQUENCE                      received, invisible for an hour
///   w SEQUENCE                      about to be deleted
///   x SEQUENCE                      deleted
///   e TEXT                          something that must not be
/// </code>
/// </summary>
public static class MessageLoad
{
    public const long Standard = 1;
    public const long Fifo = 2;
    public const int Writers = 4;

    public static SqliteMessageSettings Settings { get; } = new()
    {
        CheckpointBytes = 100_000, WindowBytes = 40_000, LowWater = 30, PageSize = 50, MinimumShare = 5_000,
    };

    public static NewMessage Message(string group, long number) => new(IdOf(number), BitConverter.GetBytes(number).Concat(new byte[200]).ToArray())
    {
        GroupId = group,
        Deduplication = (UInt128)(ulong)number,
    };

    /// <param name="round">Counts the starts; numbers of later rounds are greater.</param>
    /// <param name="last">The last FIFO message that was acknowledged, as <c>GROUP/NUMBER</c>, or empty: sending it again must change nothing.</param>
    internal static async Task RunAsync(string folder, int round, string last, Acknowledgements acknowledged)
    {
        await using var store = SqliteMessageBackend.Open(folder, TimeProvider.System, Settings);
        await store.OpenAsync(Standard, new QueueSettings(), default);
        await store.OpenAsync(Fifo, new QueueSettings { Fifo = true }, default);
        if (last.Split('/') is [var group, var number])
        {
            var again = await store.SendAsync(Fifo, [Message(group, long.Parse(number, CultureInfo.InvariantCulture))], default);
            if (!again[0].Duplicate)
            {
                acknowledged.Say($"e {last} was sent twice inside the window");
            }
        }
        acknowledged.Say("ready");
        var work = new List<Task>();
        for (var writer = 0; writer < Writers; writer++)
        {
            work.Add(SendAsync(store, Standard, round, writer, acknowledged));
            work.Add(SendAsync(store, Fifo, round, writer, acknowledged));
            work.Add(ConsumeAsync(store, Standard, keepEvery: 3, acknowledged));
            work.Add(ConsumeAsync(store, Fifo, keepEvery: 0, acknowledged));
        }
        await await Task.WhenAny(work);
    }

    private static async Task SendAsync(SqliteMessageBackend store, long queue, int round, int writer, Acknowledgements acknowledged)
    {
        for (var number = ((round * Writers + writer) * 10_000_000L) + 1; ; number += 5)
        {
            var group = string.Create(CultureInfo.InvariantCulture, $"{writer}-{number / 50}");
            var messages = Enumerable.Range(0, 5).Select(i => Message(group, number + i)).ToList();
            if (queue == Standard)
            {
                messages = messages.ConvertAll(m => m with { GroupId = null, Deduplication = 0 });
            }
            var sent = await store.SendAsync(queue, messages, default);
            for (var i = 0; i < sent.Count; i++)
            {
                acknowledged.Say($"s {queue} {sent[i].Sequence} {group} {number + i}");
            }
        }
    }

    private static async Task ConsumeAsync(SqliteMessageBackend store, long queue, int keepEvery, Acknowledgements acknowledged)
    {
        var order = new ReceiveOrder(4, TimeSpan.FromHours(1), TimeSpan.FromSeconds(1));
        while (true)
        {
            var reception = await store.ReceiveAsync(queue, order, default);
            foreach (var message in reception.Messages)
            {
                acknowledged.Say($"v {message.Receipt.Sequence}");
            }
            var done = reception.Messages.Where(m => keepEvery == 0 || m.Receipt.Sequence % keepEvery != 0).Select(m => m.Receipt).ToList();
            done.ForEach(r => acknowledged.Say($"w {r.Sequence}"));
            var outcomes = await store.DeleteAsync(queue, done, default);
            for (var i = 0; i < done.Count; i++)
            {
                acknowledged.Say(outcomes[i] == ReceiptOutcome.Done ? $"x {done[i].Sequence}" : $"e deleting {done[i]} gave {outcomes[i]}");
            }
        }
    }

    private static Guid IdOf(long number) => new([.. BitConverter.GetBytes(number), .. new byte[8]]);
}
