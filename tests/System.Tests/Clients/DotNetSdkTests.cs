using Amazon.Runtime;
using Amazon.SQS;
using Amazon.SQS.Model;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>The AWS SDK for .NET on queues, with its normal settings: retries, connection reuse and its own check of every body's digest.</summary>
public sealed class DotNetSdkTests(QueueSite site) : IClassFixture<QueueSite>, IDisposable
{
    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);
    private readonly AmazonSQSClient _sqs = Client(site.Server.Endpoint.ToString(), site.Server.Keys.AccessKeyId, site.Server.Keys.SecretAccessKey);

    public void Dispose() => _sqs.Dispose();

    private static AmazonSQSClient Client(string endpoint, string accessKeyId, string secretAccessKey)
    {
        var sqs = new AmazonSQSClient(
            new BasicAWSCredentials(accessKeyId, secretAccessKey),
            new AmazonSQSConfig { ServiceURL = endpoint, AuthenticationRegion = "us-east-1" });
        return sqs;
    }

    [Fact]
    public async Task A_message_comes_with_everything_that_was_sent()
    {
        var url = (await _sqs.CreateQueueAsync($"{_own}-orders")).QueueUrl;
        var sent = await _sqs.SendMessageAsync(new SendMessageRequest
        {
            QueueUrl = url,
            MessageBody = "an order, äöü 世界 \U0001f680 <& \"quoted\">\nsecond line",
            // Begins as a delayed message, so that the receive below has to wait for it.
            DelaySeconds = 1,
            MessageAttributes = new()
            {
                ["kind"] = new() { DataType = "String", StringValue = "order" },
                ["weight"] = new() { DataType = "Number", StringValue = "12.50" },
                ["label"] = new() { DataType = "Binary", BinaryValue = new MemoryStream([0, 1, 2, 255]) },
            },
            MessageSystemAttributes = new() { ["AWSTraceHeader"] = new() { DataType = "String", StringValue = "Root=1-5759e988-bd862e3fe1be46a994272793" } },
        });
        var got = Assert.Single((await _sqs.ReceiveMessageAsync(new ReceiveMessageRequest
        {
            QueueUrl = url, WaitTimeSeconds = 20, MessageAttributeNames = ["All"], MessageSystemAttributeNames = ["All"],
        })).Messages);
        Assert.Equal((sent.MessageId, sent.MD5OfMessageBody, sent.MD5OfMessageAttributes), (got.MessageId, got.MD5OfBody, got.MD5OfMessageAttributes));
        Assert.Equal(("order", "12.50"), (got.MessageAttributes["kind"].StringValue, got.MessageAttributes["weight"].StringValue));
        Assert.Equal([0, 1, 2, 255], got.MessageAttributes["label"].BinaryValue.ToArray());
        Assert.Null(got.MessageAttributes["kind"].BinaryValue);
        Assert.Equal(("1", "Root=1-5759e988-bd862e3fe1be46a994272793"), (got.Attributes["ApproximateReceiveCount"], got.Attributes["AWSTraceHeader"]));
        await _sqs.ChangeMessageVisibilityAsync(url, got.ReceiptHandle, 0);
        var again = Assert.Single((await _sqs.ReceiveMessageAsync(url)).Messages);
        await _sqs.DeleteMessageAsync(url, again.ReceiptHandle);
        var counts = (await _sqs.GetQueueAttributesAsync(url, ["All"])).Attributes;
        Assert.Equal(("0", "0"), (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]));
    }

    [Fact]
    public async Task A_batch_fails_in_part_and_the_dead_letter_is_found()
    {
        var dead = (await _sqs.CreateQueueAsync($"{_own}-dead")).QueueUrl;
        var arn = (await _sqs.GetQueueAttributesAsync(dead, ["QueueArn"])).Attributes["QueueArn"];
        var url = (await _sqs.CreateQueueAsync(new CreateQueueRequest
        {
            QueueName = $"{_own}-source",
            Attributes = new() { ["VisibilityTimeout"] = "0", ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":1}""" },
        })).QueueUrl;
        var sent = await _sqs.SendMessageBatchAsync(url, [new("good", "good"), new("late", "late") { DelaySeconds = 901 }]);
        Assert.Equal("good", Assert.Single(sent.Successful).Id);
        Assert.Equal(("late", true), (Assert.Single(sent.Failed).Id, sent.Failed[0].SenderFault));
        Assert.Single((await _sqs.ReceiveMessageAsync(url)).Messages);
        Assert.True((await _sqs.ReceiveMessageAsync(url)).Messages is null or { Count: 0 });
        var got = Assert.Single((await _sqs.ReceiveMessageAsync(dead)).Messages);
        Assert.Equal(("good", sent.Successful[0].MessageId), (got.Body, got.MessageId));
        Assert.Equal([url], (await _sqs.ListDeadLetterSourceQueuesAsync(new ListDeadLetterSourceQueuesRequest { QueueUrl = dead })).QueueUrls);
        var gone = await _sqs.DeleteMessageBatchAsync(dead, [new("a", got.ReceiptHandle), new("b", "junk")]);
        Assert.Equal(("a", "b"), (Assert.Single(gone.Successful).Id, Assert.Single(gone.Failed).Id));
    }

    [Fact]
    public async Task A_group_keeps_its_order_and_a_repetition_is_dropped()
    {
        var url = (await _sqs.CreateQueueAsync(new CreateQueueRequest
        {
            QueueName = $"{_own}.fifo", Attributes = new() { ["FifoQueue"] = "true", ["ContentBasedDeduplication"] = "true" },
        })).QueueUrl;
        foreach (var body in new[] { "0", "1", "2", "1" })
        {
            await _sqs.SendMessageAsync(new SendMessageRequest(url, body) { MessageGroupId = "g" });
        }
        var got = (await _sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = 10 })).Messages;
        Assert.Equal(["0", "1", "2"], got.Select(message => message.Body));
    }

    [Fact]
    public async Task Refusals_are_the_exceptions_that_programs_catch()
    {
        var url = (await _sqs.CreateQueueAsync($"{_own}-errors")).QueueUrl;
        await Assert.ThrowsAsync<QueueDoesNotExistException>(() => _sqs.GetQueueUrlAsync("nothing"));
        await Assert.ThrowsAsync<ReceiptHandleIsInvalidException>(() => _sqs.DeleteMessageAsync(url, "junk"));
        await Assert.ThrowsAsync<EmptyBatchRequestException>(() => _sqs.SendMessageBatchAsync(url, []));
        await Assert.ThrowsAsync<BatchEntryIdsNotDistinctException>(() => _sqs.SendMessageBatchAsync(url, [new("a", "1"), new("a", "2")]));
        await Assert.ThrowsAsync<InvalidMessageContentsException>(() => _sqs.SendMessageAsync(url, "a\u0001b"));
        await _sqs.PurgeQueueAsync(url);
        await Assert.ThrowsAsync<PurgeQueueInProgressException>(() => _sqs.PurgeQueueAsync(url));
        await _sqs.DeleteQueueAsync(url);
        await Assert.ThrowsAsync<QueueDeletedRecentlyException>(() => _sqs.CreateQueueAsync($"{_own}-errors"));
    }
}
