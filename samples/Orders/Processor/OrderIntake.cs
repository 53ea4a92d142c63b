using System.Text.Json;
using Amazon.SQS;
using Amazon.SQS.Model;
using Orders.Core;

namespace Orders.Processor;

internal sealed record IntakeSettings(TimeSpan Work, NodeIdentity? Identity);

/// <summary>
/// Takes orders from the queue. The order of steps is the guarantee: store the order durably, send its status, and let the reader
/// delete the message. A crash or a cut between any two of them leads to a redelivery, which finds the order stored and sends the
/// status again; the receiver of the status ignores what it already knows.
/// </summary>
internal sealed partial class OrderIntake(
    IAmazonSQS sqs,
    OrderStore store,
    QueueNames queues,
    IntakeSettings settings,
    TimeProvider clock,
    ILogger<OrderIntake> log) : BackgroundService
{
    private readonly QueueReader reader = new(sqs, new QueueAddress(sqs, queues.Orders), "orders", clock, log);
    private readonly QueueAddress statusQueue = new(sqs, queues.Status);
    private NodeIdentity identity = settings.Identity ?? new NodeIdentity("unknown", "unknown");

    public bool QueueIsReachable => reader.IsReachable;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        identity = settings.Identity ?? await NodeIdentity.DiscoverAsync(Environment.GetEnvironmentVariable, stoppingToken);
        Started(identity.Node, identity.Site);
        await reader.RunAsync(HandleAsync, stoppingToken);
        Stopped(store.Count());
    }

    internal async Task<bool> HandleAsync(Message message)
    {
        if (Read(message.Body) is not { } order)
        {
            // Left in the queue on purpose: its redrive policy moves it to the dead-letter queue, where someone can look at it.
            NotAnOrder(message.MessageId);
            return false;
        }

        if (!store.Contains(order.OrderId))
        {
            await Task.Delay(settings.Work, clock); // Stands for picking and packing.
        }

        var stored = store.Record(order, clock.GetUtcNow());
        if (stored.Deliveries > 1)
        {
            Repeated(stored.OrderId, stored.Deliveries);
        }

        var status = new StatusMessage(
            stored.OrderId,
            OrderStatus.Processed,
            stored.PlacedAt,
            stored.ProcessedAt,
            stored.ItemCount,
            stored.TotalCents,
            identity.Node,
            identity.Site);
        await sqs.SendMessageAsync(
            await statusQueue.GetAsync(CancellationToken.None),
            JsonSerializer.Serialize(status, MessageJson.Default.StatusMessage));
        Processed(stored.OrderId, stored.ItemCount, (long)(stored.ProcessedAt - stored.PlacedAt).TotalMilliseconds);
        return true;
    }

    private static OrderMessage? Read(string body)
    {
        try
        {
            var order = JsonSerializer.Deserialize(body, MessageJson.Default.OrderMessage);
            return order is { OrderId.Length: > 0, Customer: { Name: not null, Address: not null }, Lines: not null } ? order : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Processing orders on {Node} at {Site}")]
    private partial void Started(string node, string site);

    [LoggerMessage(2, LogLevel.Information, "Stopped polling; {Stored} orders stored")]
    private partial void Stopped(long stored);

    [LoggerMessage(3, LogLevel.Information, "Order {OrderId} processed: {Items} items, {ElapsedMs} ms after it was placed")]
    private partial void Processed(string orderId, int items, long elapsedMs);

    [LoggerMessage(4, LogLevel.Information, "Order {OrderId} was delivered {Deliveries} times; kept once")]
    private partial void Repeated(string orderId, int deliveries);

    [LoggerMessage(5, LogLevel.Error, "Message {MessageId} is not an order; left for the dead-letter queue")]
    private partial void NotAnOrder(string messageId);
}
