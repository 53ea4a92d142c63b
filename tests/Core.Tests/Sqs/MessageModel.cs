using Longspan.Store.Messages;

namespace Longspan.Core.Tests.Sqs;

/// <summary>What a queue should be, said as simply as possible. One list, no time but the one it is told.</summary>
internal sealed class MessageModel(bool fifo)
{
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<UInt128, (SentMessage Sent, long Until)> _sent = [];

    public IReadOnlyList<Entry> Entries => _entries;

    public QueueDepth Depth(long now) => new(
        _entries.Count(e => e.VisibleAt <= now),
        _entries.Count(e => e.VisibleAt > now && e.Deliveries > 0),
        _entries.Count(e => e.VisibleAt > now && e.Deliveries == 0));

    public void Send(NewMessage message, SentMessage sent, long now)
    {
        if (message.Deduplication != 0 && _sent.TryGetValue(message.Deduplication, out var earlier) && earlier.Until > now)
        {
            Require(sent == earlier.Sent with { Duplicate = true }, $"a repetition of {earlier.Sent} was answered with {sent}");
            return;
        }
        Require(!sent.Duplicate && sent.Id == message.Id, $"a new message was answered with {sent}");
        Require(_entries.Count == 0 || sent.Sequence > _entries[^1].Sequence, "sequence numbers grow");
        if (message.Deduplication != 0)
        {
            _sent[message.Deduplication] = (sent, now + 300_000);
        }
        _entries.Add(new Entry(sent.Sequence, message) { VisibleAt = message.Delay > TimeSpan.Zero ? now + (long)message.Delay.TotalMilliseconds : 0 });
    }

    /// <summary>Checks a reception and takes it over.</summary>
    public void Receive(ReceiveOrder order, IReadOnlyList<ReceivedMessage> messages, long now)
    {
        Require(messages.Count <= order.Maximum, "no more than asked for");
        Require(messages.Select(m => m.Receipt.Sequence).Distinct().Count() == messages.Count, "no message twice in one answer");
        var blocked = _entries.Where(e => e.VisibleAt > now && e.Deliveries > 0).Select(e => e.Message.GroupId).ToHashSet();
        if (messages.Count == 0)
        {
            Require(!_entries.Any(e => IsAvailable(e, blocked, now)), $"nothing was handed out although {_entries.Count(e => IsAvailable(e, blocked, now))} are available");
        }
        foreach (var message in messages)
        {
            var entry = _entries.Find(e => e.Sequence == message.Receipt.Sequence);
            Require(entry is not null, $"message {message.Receipt.Sequence} was handed out but is deleted or was never sent");
            Require(entry!.VisibleAt <= now, $"message {entry.Sequence} was handed out while invisible until {entry.VisibleAt}, now {now}");
            Require(message.Id == entry.Message.Id && message.Payload.AsSpan().SequenceEqual(entry.Message.Payload), "id and payload are the sent ones");
            if (fifo)
            {
                Require(!blocked.Contains(entry.Message.GroupId), $"group {entry.Message.GroupId} has messages in flight");
                var head = _entries.First(e => e.Message.GroupId == entry.Message.GroupId && !e.Taken);
                Require(head == entry, $"message {entry.Sequence} overtook {head.Sequence} of group {entry.Message.GroupId}");
                entry.Taken = true;
            }
            entry.Deliveries++;
            Require(message.Receipt.Delivery == entry.Deliveries, $"delivery {entry.Deliveries} of {entry.Sequence} was numbered {message.Receipt.Delivery}");
        }
        foreach (var message in messages)
        {
            var entry = _entries.Find(e => e.Sequence == message.Receipt.Sequence)!;
            entry.VisibleAt = Math.Max(1, now + (long)order.Visibility.TotalMilliseconds);
            entry.Taken = false;
        }
    }

    public void Delete(Receipt receipt, ReceiptOutcome outcome, long now)
    {
        var expected = Judge(receipt, now, out var entry);
        expected = expected == ReceiptOutcome.Expired && !fifo ? ReceiptOutcome.Done : expected;
        Require(outcome == expected, $"deleting {receipt} gave {outcome} instead of {expected}");
        if (outcome == ReceiptOutcome.Done)
        {
            _entries.Remove(entry!);
        }
    }

    public void ChangeVisibility(VisibilityChange change, ReceiptOutcome outcome, long now)
    {
        var expected = Judge(change.Receipt, now, out var entry);
        Require(outcome == expected, $"changing {change} gave {outcome} instead of {expected}");
        if (outcome == ReceiptOutcome.Done)
        {
            entry!.VisibleAt = change.Visibility > TimeSpan.Zero ? now + (long)change.Visibility.TotalMilliseconds : 0;
        }
    }

    public void Purge() => _entries.Clear();

    private ReceiptOutcome Judge(Receipt receipt, long now, out Entry? entry)
    {
        entry = _entries.Find(e => e.Sequence == receipt.Sequence);
        return entry is null ? ReceiptOutcome.Gone
            : entry.Deliveries != receipt.Delivery ? ReceiptOutcome.Superseded
            : entry.VisibleAt > now ? ReceiptOutcome.Done
            : ReceiptOutcome.Expired;
    }

    private bool IsAvailable(Entry entry, HashSet<string?> blocked, long now) =>
        entry.VisibleAt <= now
        && (!fifo || (!blocked.Contains(entry.Message.GroupId) && _entries.First(e => e.Message.GroupId == entry.Message.GroupId) == entry));

    private static void Require(bool condition, string rule)
    {
        if (!condition)
        {
            throw new ModelViolation(rule);
        }
    }

    internal sealed record Entry(long Sequence, NewMessage Message)
    {
        public long VisibleAt { get; set; }
        public int Deliveries { get; set; }
        public bool Taken { get; set; }
    }
}

internal sealed class ModelViolation(string rule) : Exception(rule);
