using System.Text.Json;
using Amazon.SQS;
using Orders.Core;

namespace Orders.Api;

internal enum PlaceResult
{
    Placed,
    AlreadyPlaced,
    DifferentOrder,
    QueueUnreachable,
}

/// <summary>
/// Accepting an order. The queue comes first and the ledger second, on purpose. An outbox would be the usual way to survive an
/// unreachable queue, but it would keep name and address on the cloud side's disk; so there is none. If the queue does not take
/// the order, nothing is recorded and the client is told to try again with the same token. If we stop after sending and before
/// recording, the client's repeat sends a second message with the same order id, which the processor keeps once, and the status
/// that returns fills the ledger. An accepted order is therefore always in the queue, and never twice in the store.
/// </summary>
internal sealed partial class OrderDesk(IAmazonSQS sqs, OrderLedger ledger, QueueNames queues, ILogger<OrderDesk> log)
{
    private static readonly TimeSpan SendWithin = TimeSpan.FromSeconds(5);
    private readonly QueueAddress queue = new(sqs, queues.Orders);

    public async Task<(PlaceResult Result, OrderView? Order)> PlaceAsync(OrderMessage order)
    {
        if (ledger.Find(order.OrderId) is { } known)
        {
            return (IsSame(known, order) ? PlaceResult.AlreadyPlaced : PlaceResult.DifferentOrder, known);
        }

        try
        {
            // Not tied to the request: a client that hangs up must not leave it open whether its order was sent.
            using var patience = new CancellationTokenSource(SendWithin);
            await sqs.SendMessageAsync(
                await queue.GetAsync(patience.Token),
                JsonSerializer.Serialize(order, MessageJson.Default.OrderMessage),
                patience.Token);
        }
        catch (Exception e) when (QueueReader.IsQueueFault(e))
        {
            NotSent(order.OrderId, e.GetType().Name, e.Message);
            return (PlaceResult.QueueUnreachable, null);
        }

        ledger.RecordQueued(order.OrderId, order.ItemCount, order.TotalCents, order.PlacedAt);
        Sent(order.OrderId, order.ItemCount, order.TotalCents);
        return (PlaceResult.Placed, ledger.Find(order.OrderId));
    }

    /// <summary>As far as the ledger can tell: customer detail is not there to be compared.</summary>
    private static bool IsSame(OrderView known, OrderMessage order) =>
        known.ItemCount == order.ItemCount && known.TotalCents == order.TotalCents;

    [LoggerMessage(1, LogLevel.Information, "Order {OrderId} sent: {Items} items, {TotalCents} cents")]
    private partial void Sent(string orderId, int items, int totalCents);

    [LoggerMessage(2, LogLevel.Error, "Order {OrderId} was refused, the queue did not take it ({Error}: {Detail})")]
    private partial void NotSent(string orderId, string error, string detail);
}
