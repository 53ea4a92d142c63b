using System.Globalization;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Support.History;

namespace Longspan.System.Tests.Clients;

/// <summary>One producer or consumer of one queue of a server that may be killed at any moment. It writes down what it did.</summary>
internal sealed class QueueWorker(ServerProcess server, HistoryRecorder recorder, HistoryQueue queue, Random random, string name)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly Dictionary<HistoryItem, string> _handles = [];
    private readonly List<HistoryItem> _held = [];
    private int _number;

    /// <summary>Dead-letter queues first: the others name them.</summary>
    public static (HistoryQueue Queue, Dictionary<string, string> Attributes)[] Queues { get; } =
    [
        (new("dead", false), []),
        (new("dead.fifo", true), new() { ["FifoQueue"] = "true" }),
        (new("plain", false) { MaximumReceives = 3, DeadLetters = "dead" }, new() { ["RedrivePolicy"] = Redrive("dead", 3) }),
        (new("order.fifo", true) { MaximumReceives = 4, DeadLetters = "dead.fifo" }, new() { ["FifoQueue"] = "true", ["RedrivePolicy"] = Redrive("dead.fifo", 4) }),
        (new("content.fifo", true), new() { ["FifoQueue"] = "true", ["ContentBasedDeduplication"] = "true" }),
    ];

    public async Task ProduceAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var items = Enumerable.Range(0, random.Next(1, 5)).Select(_ => NewItem()).ToList();
            // Nobody knows whether an unanswered send was taken. A FIFO queue can be told again; elsewhere that would be a second message.
            while (!await SendAsync(items) && queue.Fifo)
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
            if (queue.Fifo && random.Next(4) == 0)
            {
                await SendAsync(items);
            }
            await Task.Delay(random.Next(1, 30), CancellationToken.None);
        }
    }

    public async Task ConsumeAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var dice = random.Next(100);
            if (dice < 70 || _held.Count == 0)
            {
                await ReceiveAsync();
            }
            else if (dice < 85)
            {
                await ChangeVisibilityAsync(Held());
            }
            else
            {
                await DeleteAsync(Held());
            }
        }
    }

    /// <summary>Takes what there is out of every queue; true when nothing is left, in flight or delayed either.</summary>
    public async Task<bool> DrainAllAsync()
    {
        var left = 0;
        // Dead-letter queues last: draining the others fills them.
        foreach (var (one, _) in Queues.Reverse())
        {
            var worker = new QueueWorker(server, recorder, one, random, name);
            while (await worker.TakeAsync(10, seconds: 30, wait: 0) is { Count: > 0 } items)
            {
                await worker.DeleteAsync(items);
            }
            var counts = await server.Client.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = one.Name, AttributeNames = ["All"] }, CancellationToken.None);
            left += counts.Attributes!.Where(a => a.Key.StartsWith("ApproximateNumberOfMessages", StringComparison.Ordinal))
                .Sum(a => int.Parse(a.Value, CultureInfo.InvariantCulture));
        }
        return left == 0;
    }

    private static string Redrive(string dead, int most) =>
        $$"""{"deadLetterTargetArn":"arn:aws:sqs:{{LiveServer.Region}}:{{LiveServer.Account}}:{{dead}}","maxReceiveCount":{{most}}}""";

    private HistoryItem NewItem()
    {
        var key = $"{name}-{_number++}";
        return new HistoryItem(key)
        {
            Group = queue.Fifo ? $"g{random.Next(3)}-{_number / 40}" : null,
            Deduplication = queue.Name == "order.fifo" ? $"d{key}" : null,
            Millis = !queue.Fifo && random.Next(8) == 0 ? 1_000 : 0,
        };
    }

    /// <summary>False when there was no answer.</summary>
    private async Task<bool> SendAsync(List<HistoryItem> items)
    {
        var call = recorder.Call(HistoryEvent.Send, queue.Name, items);
        if (items.Count == 1)
        {
            var item = items[0];
            var sent = await AskAsync(c => c.CallAsync(SqsOperations.SendMessage, new()
            {
                QueueUrl = queue.Name, MessageBody = item.Key, MessageGroupId = item.Group, MessageDeduplicationId = item.Deduplication,
                DelaySeconds = item.Millis > 0 ? (int)(item.Millis / 1_000) : null,
            }, CancellationToken.None));
            if (sent is not null)
            {
                recorder.Answer(call, [item with { Id = sent.SequenceNumber ?? sent.MessageId, Outcome = HistoryOutcome.Done }]);
            }
            return sent is not null;
        }
        var batch = await AskAsync(c => c.CallAsync(SqsOperations.SendMessageBatch, new()
        {
            QueueUrl = queue.Name,
            Entries = [.. items.Select((item, i) => new SendMessageBatchRequestEntry
            {
                Id = $"{i}", MessageBody = item.Key, MessageGroupId = item.Group, MessageDeduplicationId = item.Deduplication,
                DelaySeconds = item.Millis > 0 ? (int)(item.Millis / 1_000) : null,
            })],
        }, CancellationToken.None));
        if (batch is not null)
        {
            var ids = (batch.Successful ?? []).ToDictionary(s => s.Id!, s => s.SequenceNumber ?? s.MessageId);
            recorder.Answer(call, [.. items.Select((item, i) => item with
            {
                Id = ids.GetValueOrDefault($"{i}"), Outcome = ids.ContainsKey($"{i}") ? HistoryOutcome.Done : HistoryOutcome.Refused,
            })]);
        }
        return batch is not null;
    }

    private async Task ReceiveAsync()
    {
        if (await TakeAsync(random.Next(1, 11), random.Next(1, 4), random.Next(2)) is not { } items)
        {
            return;
        }
        var done = new List<HistoryItem>();
        foreach (var item in items)
        {
            var dice = random.Next(100);
            if (dice < 70)
            {
                done.Add(item);
            }
            else if (dice < 90)
            {
                _held.Add(item);
            }
        }
        if (done.Count > 0)
        {
            await DeleteAsync(done);
        }
    }

    private async Task<List<HistoryItem>?> TakeAsync(int maximum, int seconds, int wait)
    {
        var call = recorder.Call(HistoryEvent.Receive, queue.Name, [], seconds * 1_000L);
        var received = await AskAsync(c => c.CallAsync(SqsOperations.ReceiveMessage, new()
        {
            QueueUrl = queue.Name, MaxNumberOfMessages = maximum, VisibilityTimeout = seconds, WaitTimeSeconds = wait, MessageSystemAttributeNames = ["All"],
        }, CancellationToken.None));
        if (received is null)
        {
            return null;
        }
        var items = new List<HistoryItem>();
        foreach (var message in received.Messages ?? [])
        {
            var attributes = message.Attributes!;
            var item = new HistoryItem(message.Body!)
            {
                Group = attributes.GetValueOrDefault("MessageGroupId"), Id = attributes.GetValueOrDefault("SequenceNumber") ?? message.MessageId,
                Count = int.Parse(attributes["ApproximateReceiveCount"], CultureInfo.InvariantCulture),
                // Until when the receipt certainly holds.
                Millis = (call.At / 1_000) + (seconds * 1_000L),
            };
            items.Add(item);
            _handles[item] = message.ReceiptHandle!;
        }
        recorder.Answer(call, items);
        return items;
    }

    /// <summary>SQS accepts a receipt that has run out and may delete nothing; only one that certainly still held is certain.</summary>
    private async Task DeleteAsync(List<HistoryItem> items)
    {
        var call = recorder.Call(HistoryEvent.Delete, queue.Name, items);
        var deleted = await AskAsync(c => c.CallAsync(SqsOperations.DeleteMessageBatch, new()
        {
            QueueUrl = queue.Name, Entries = [.. items.Select((item, i) => new DeleteMessageBatchRequestEntry { Id = $"{i}", ReceiptHandle = _handles[item] })],
        }, CancellationToken.None));
        if (deleted is not null)
        {
            var now = HistoryRecorder.NowMicros / 1_000;
            var done = (deleted.Successful ?? []).Select(s => s.Id).ToHashSet();
            recorder.Answer(call, [.. items.Select((item, i) => item with
            {
                Outcome = !done.Contains($"{i}") ? HistoryOutcome.Refused : now + 100 < item.Millis ? HistoryOutcome.Done : HistoryOutcome.Accepted,
            })]);
        }
        items.ForEach(item => _handles.Remove(item));
    }

    private async Task ChangeVisibilityAsync(List<HistoryItem> items)
    {
        var seconds = random.Next(0, 3);
        var call = recorder.Call(HistoryEvent.Visibility, queue.Name, items, seconds * 1_000L);
        var changed = await AskAsync(c => c.CallAsync(SqsOperations.ChangeMessageVisibilityBatch, new()
        {
            QueueUrl = queue.Name,
            Entries = [.. items.Select((item, i) => new ChangeMessageVisibilityBatchRequestEntry { Id = $"{i}", ReceiptHandle = _handles[item], VisibilityTimeout = seconds })],
        }, CancellationToken.None));
        if (changed is not null)
        {
            var done = (changed.Successful ?? []).Select(s => s.Id).ToHashSet();
            recorder.Answer(call, [.. items.Select((item, i) => item with { Outcome = done.Contains($"{i}") ? HistoryOutcome.Done : HistoryOutcome.Refused })]);
        }
        // From here on nobody is sure how long the receipts hold.
        items.ForEach(item => _handles.Remove(item));
    }

    private List<HistoryItem> Held()
    {
        var items = _held.Take(random.Next(1, 5)).ToList();
        _held.RemoveRange(0, items.Count);
        return items;
    }

    /// <summary>Null when the server was gone before it answered.</summary>
    private async Task<T?> AskAsync<T>(Func<Wire.Client.AwsClient, Task<T>> call)
        where T : Shape
    {
        try
        {
            return await call(server.Client);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            await Task.Delay(Pause, CancellationToken.None);
            return null;
        }
    }
}
