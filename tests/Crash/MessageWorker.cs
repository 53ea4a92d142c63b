using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Longspan.Store.Messages;
using Longspan.Support.History;

namespace Longspan.Crash;

/// <summary>One producer or consumer of one queue. It draws what it does next from its own seed and writes everything down.</summary>
internal sealed class MessageWorker(MessageBackend store, HistoryRecorder recorder, long queue, HistoryQueue rules, Random random, string name)
{
    private const int DeepEnough = 400;
    private const int Groups = 4;
    private const int GroupLength = 60;

    private readonly Queue<HistoryItem> _sent = new();
    private readonly List<HistoryItem> _held = [];
    private int _number;

    public async Task ProduceAsync(IReadOnlyList<HistoryEvent> again)
    {
        foreach (var send in again)
        {
            // Nobody knows whether it was taken, so a FIFO queue is told again; elsewhere that would be a second message.
            await SendAsync(send.Items);
        }
        while (true)
        {
            if ((await store.DepthAsync(queue, default)).Visible > DeepEnough)
            {
                await Task.Delay(5);
                continue;
            }
            var items = Enumerable.Range(0, random.Next(1, 8)).Select(_ => NewItem()).ToList();
            if (rules.Fifo && _sent.Count > 0 && random.Next(5) == 0)
            {
                items.Add(Repetition());
            }
            await SendAsync(items);
            if (rules.Name is "purged" or "order-purged" && random.Next(40) == 0)
            {
                var purge = recorder.Call(HistoryEvent.Purge, rules.Name, []);
                await store.PurgeAsync(queue, default);
                recorder.Answer(purge, []);
            }
            if (queue > 2)
            {
                await Task.Delay(random.Next(1, 20));
            }
        }
    }

    public async Task ConsumeAsync(IReadOnlyList<HistoryEvent> earlier)
    {
        // Receipts that were given before the kill are good for as long as they say.
        foreach (var receive in earlier)
        {
            await DeleteAsync(receive.Items);
        }
        while (true)
        {
            var dice = random.Next(100);
            if (dice < 70 || _held.Count == 0)
            {
                await ReceiveAsync(rules.Fifo && random.Next(4) == 0 ? $"{name}{_number++}" : null);
            }
            else if (dice < 85)
            {
                await ChangeVisibilityAsync(Held(random.Next(1, 4)));
            }
            else
            {
                await DeleteAsync(Held(random.Next(1, 6)));
            }
        }
    }

    /// <summary>Sends dead letters back to where they came from, now and then.</summary>
    public async Task RedriveAsync()
    {
        while (true)
        {
            await Task.Delay(random.Next(20, 400));
            var order = new MoveOrder(random.Next(1, 20), null, MessageLoad.Queues.ToDictionary(q => q.Value.Name, q => q.Key));
            var move = recorder.Call(HistoryEvent.Move, rules.Name, []);
            var outcome = await store.MoveAsync(queue, order, default);
            recorder.Answer(move, [], outcome.Moved > 0 ? HistoryOutcome.Done : HistoryOutcome.Refused);
        }
    }

    private HistoryItem NewItem()
    {
        var key = $"{name}{_number++}";
        return new HistoryItem(key)
        {
            Group = rules.Fifo ? $"g{random.Next(Groups)}-{_number / GroupLength}" : null,
            Deduplication = rules.Fifo && random.Next(5) > 0 ? $"d{key}" : null,
            Millis = !rules.Fifo && random.Next(6) == 0 ? random.Next(1, 400) : 0,
        };
    }

    /// <summary>Something that was sent lately, under its deduplication id and sometimes with another body.</summary>
    private HistoryItem Repetition()
    {
        var item = _sent.ElementAt(random.Next(_sent.Count));
        return random.Next(2) == 0 ? item : item with { Key = $"{name}{_number++}" };
    }

    private async Task SendAsync(IReadOnlyList<HistoryItem> items)
    {
        var call = recorder.Call(HistoryEvent.Send, rules.Name, items);
        var sent = await store.SendAsync(queue, [.. items.Select(ToMessage)], default);
        recorder.Answer(call, [.. items.Select((item, i) => item with
        {
            Id = sent[i].Sequence.ToString(CultureInfo.InvariantCulture), Outcome = HistoryOutcome.Done,
        })]);
        foreach (var item in items.Where(i => i.Deduplication is not null))
        {
            _sent.Enqueue(item);
            if (_sent.Count > 20)
            {
                _sent.Dequeue();
            }
        }
    }

    private static NewMessage ToMessage(HistoryItem item) => new(Guid.CreateVersion7(), MessageLoad.Body(item.Key))
    {
        GroupId = item.Group,
        Deduplication = item.Deduplication is null ? 0 : Digest(item.Deduplication),
        Delay = TimeSpan.FromMilliseconds(item.Millis),
    };

    private static UInt128 Digest(string text) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private async Task ReceiveAsync(string? attempt)
    {
        // Some take their time, most do not: messages come back within a round and after it.
        var visibility = random.Next(4) == 0 ? random.Next(1, 60) : random.Next(200, 2_000);
        var order = new ReceiveOrder(random.Next(1, 11), TimeSpan.FromMilliseconds(visibility), TimeSpan.FromMilliseconds(random.Next(3) == 0 ? 0 : random.Next(1, 100)))
        {
            AttemptId = attempt,
        };
        for (var repeat = attempt is not null && random.Next(2) == 0 ? 2 : 1; repeat > 0; repeat--)
        {
            var call = recorder.Call(HistoryEvent.Receive, rules.Name, [], visibility, attempt);
            var reception = await store.ReceiveAsync(queue, order, default);
            var items = reception.Messages.Select(MessageLoad.Delivered).ToList();
            recorder.Answer(call, items);
            if (repeat == 1)
            {
                await HandleAsync(items);
            }
        }
    }

    /// <summary>Most are deleted at once; some are held for later, and some are forgotten.</summary>
    private async Task HandleAsync(List<HistoryItem> items)
    {
        var done = new List<HistoryItem>();
        foreach (var item in items)
        {
            var dice = random.Next(100);
            if (dice < 65)
            {
                done.Add(item);
            }
            else if (dice < 85 && _held.Count < 50)
            {
                _held.Add(item);
            }
        }
        if (done.Count > 0)
        {
            await DeleteAsync(done);
        }
    }

    private async Task DeleteAsync(IReadOnlyList<HistoryItem> items)
    {
        var call = recorder.Call(HistoryEvent.Delete, rules.Name, items);
        var outcomes = await store.DeleteAsync(queue, [.. items.Select(ToReceipt)], default);
        recorder.Answer(call, Judged(items, outcomes));
    }

    private async Task ChangeVisibilityAsync(IReadOnlyList<HistoryItem> items)
    {
        var millis = random.Next(3) == 0 ? 0 : random.Next(1, 2_000);
        var call = recorder.Call(HistoryEvent.Visibility, rules.Name, items, millis);
        var outcomes = await store.ChangeVisibilityAsync(queue, [.. items.Select(i => new VisibilityChange(ToReceipt(i), TimeSpan.FromMilliseconds(millis)))], default);
        recorder.Answer(call, Judged(items, outcomes));
        if (random.Next(2) == 0)
        {
            _held.AddRange(items);
        }
    }

    private List<HistoryItem> Held(int count)
    {
        var items = new List<HistoryItem>();
        for (; count > 0 && _held.Count > 0; count--)
        {
            var index = random.Next(_held.Count);
            items.Add(_held[index]);
            _held.RemoveAt(index);
        }
        return items;
    }

    private static Receipt ToReceipt(HistoryItem item) => new(long.Parse(item.Id!, CultureInfo.InvariantCulture), item.Count);

    private static List<HistoryItem> Judged(IReadOnlyList<HistoryItem> items, IReadOnlyList<ReceiptOutcome> outcomes) =>
        [.. items.Select((item, i) => item with { Outcome = outcomes[i] == ReceiptOutcome.Done ? HistoryOutcome.Done : HistoryOutcome.Refused })];
}
