using System.Text.Json;
using Amazon.SQS;
using Amazon.SQS.Model;
using Orders.Core;

namespace Orders.Api;

/// <summary>Brings status messages from the premises into the ledger.</summary>
internal sealed partial class StatusIntake(
    IAmazonSQS sqs,
    OrderLedger ledger,
    QueueNames queues,
    TimeProvider clock,
    ILogger<StatusIntake> log) : BackgroundService
{
    private readonly QueueReader reader = new(sqs, new QueueAddress(sqs, queues.Status), "status", clock, log);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => reader.RunAsync(HandleAsync, stoppingToken);

    internal Task<bool> HandleAsync(Message message)
    {
        if (Read(message.Body) is not { } status)
        {
            NotAStatus(message.MessageId);
            return Task.FromResult(false);
        }

        if (ledger.Apply(status))
        {
            Updated(status.OrderId, status.Status, status.Node);
        }

        return Task.FromResult(true);
    }

    private static StatusMessage? Read(string body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, MessageJson.Default.StatusMessage) is { OrderId.Length: > 0 } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Order {OrderId} is {Status}, reported by {Node}")]
    private partial void Updated(string orderId, string status, string node);

    [LoggerMessage(2, LogLevel.Error, "Message {MessageId} is not a status; left for the dead-letter queue")]
    private partial void NotAStatus(string messageId);
}
