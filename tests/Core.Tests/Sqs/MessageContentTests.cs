using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

public sealed class MessageContentTests
{
    [Fact]
    public async Task AttributesOfAllTypesComeBackWithTheDigestThatClientsCompute()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var sent = await sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url,
            MessageBody = "x",
            MessageAttributes = new()
            {
                ["timestamp"] = new() { DataType = "Number", StringValue = "1493147359900" },
                ["blob"] = new() { DataType = "Binary.png", BinaryValue = new byte[] { 1, 2, 3 } },
                ["app.name"] = new() { DataType = "String", StringValue = "shop" },
                ["app.stage"] = new() { DataType = "String.custom", StringValue = "test" },
            },
        });
        Assert.Equal(32, sent.MD5OfMessageAttributes!.Length);
        var all = Assert.Single(await sqs.ReceiveAsync(url, visibility: 0));
        Assert.Equal(sent.MD5OfMessageAttributes, all.MD5OfMessageAttributes);
        Assert.Equal(4, all.MessageAttributes!.Count);
        Assert.Equal([1, 2, 3], all.MessageAttributes["blob"].BinaryValue!.Value.ToArray());
        Assert.Equal("Binary.png", all.MessageAttributes["blob"].DataType);
        // Only the value that was sent is on the wire: an empty one beside it is a difference that clients see.
        Assert.Null(all.MessageAttributes["app.name"].BinaryValue);
        Assert.Null(all.MessageAttributes["blob"].StringValue);

        var some = (await sqs.Do(SqsOperations.ReceiveMessage, new ReceiveMessageRequest
        {
            QueueUrl = url, MessageAttributeNames = ["app.*", "unknown"], VisibilityTimeout = 0,
        })).Messages![0];
        Assert.Equal(["app.name", "app.stage"], some.MessageAttributes!.Keys.Order());
        Assert.NotEqual(sent.MD5OfMessageAttributes, some.MD5OfMessageAttributes);
        var none = (await sqs.Do(SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = url, VisibilityTimeout = 0 })).Messages![0];
        Assert.Null(none.MessageAttributes);
        Assert.Null(none.Attributes);
    }

    [Fact]
    public async Task TheDigestOfAKnownAttributeIsTheOneThatAwsDocuments()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        // The example of moto's and the SDKs' own tests.
        var sent = await sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url, MessageBody = "derp",
            MessageAttributes = new() { ["timestamp"] = new() { DataType = "Number", StringValue = "1493147359900" } },
        });
        Assert.Equal("235c5c510d26fb653d073faed50ae77c", sent.MD5OfMessageAttributes);
        Assert.Equal("58fd9edd83341c29f1aebba81c31e257", sent.MD5OfMessageBody);
    }

    [Fact]
    public async Task TheTraceHeaderTravelsWithTheMessage()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var sent = await sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url, MessageBody = "x",
            MessageSystemAttributes = new() { ["AWSTraceHeader"] = new() { DataType = "String", StringValue = "Root=1-5759e988-bd862e3fe1be46a994272793" } },
        });
        Assert.Equal(32, sent.MD5OfMessageSystemAttributes!.Length);
        Assert.Equal("Root=1-5759e988-bd862e3fe1be46a994272793", Assert.Single(await sqs.ReceiveAsync(url)).Attributes!["AWSTraceHeader"]);
    }

    [Theory]
    [InlineData(0x0001)]
    [InlineData(0xFFFE)]
    [InlineData(0xD800)]
    [InlineData(0xDC00)]
    public async Task CharactersOutsideXmlAreRefused(int code)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await Assert.ThrowsAsync<InvalidMessageContents>(() => sqs.SendAsync(url, $"a{(char)code}b"));
        await sqs.SendAsync(url, "tab\t newline\r\n accents é, an emoji 😀 and another 😁");
        Assert.Equal("tab\t newline\r\n accents é, an emoji 😀 and another 😁", Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    [Fact]
    public async Task SizesAreBounded()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, new string('x', 1024 * 1024));
        var large = await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, new string('x', (1024 * 1024) + 1)));
        Assert.Contains("must be shorter than 1048576 bytes", large.Message);
        var half = new string('é', 300_000);
        await Assert.ThrowsAsync<BatchRequestTooLong>(() => sqs.Do(SqsOperations.SendMessageBatch, new SendMessageBatchRequest
        {
            QueueUrl = url, Entries = [new() { Id = "a", MessageBody = half }, new() { Id = "b", MessageBody = half }],
        }));
        Assert.Equal("MissingParameter", (await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, ""))).QueryCode);
    }

    [Theory]
    [InlineData("String", null, "non-empty")]
    [InlineData("", "x", "type")]
    [InlineData("Text", "x", "prefixes")]
    [InlineData("Number", "twelve", "number")]
    [InlineData("Binary", "x", "non-empty")]
    public async Task AttributesAreChecked(string type, string? value, string words)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var refused = await Assert.ThrowsAsync<AwsError>(() => sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url, MessageBody = "x", MessageAttributes = new() { ["a"] = new() { DataType = type, StringValue = value } },
        }));
        Assert.Contains(words, refused.Message);
    }

    [Fact]
    public async Task BatchesFailInPartsAndAreCheckedAsAWhole()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var result = await sqs.Do(SqsOperations.SendMessageBatch, new SendMessageBatchRequest
        {
            QueueUrl = url,
            Entries = [new() { Id = "good", MessageBody = "1" }, new() { Id = "bad", MessageBody = "\u0002" }, new() { Id = "late", MessageBody = "2", DelaySeconds = 901 }],
        });
        Assert.Equal("good", Assert.Single(result.Successful!).Id);
        Assert.Equal(["bad", "late"], result.Failed!.Select(f => f.Id));
        Assert.All(result.Failed!, f => Assert.True(f.SenderFault));
        await Assert.ThrowsAsync<EmptyBatchRequest>(() => SendAsync([]));
        await Assert.ThrowsAsync<BatchEntryIdsNotDistinct>(() => SendAsync(["a", "a"]));
        await Assert.ThrowsAsync<InvalidBatchEntryId>(() => SendAsync(["a b"]));
        await Assert.ThrowsAsync<TooManyEntriesInBatchRequest>(() => SendAsync([.. Enumerable.Range(0, 11).Select(i => $"e{i}")]));

        var received = await sqs.ReceiveAsync(url);
        var deleted = await sqs.Do(SqsOperations.DeleteMessageBatch, new DeleteMessageBatchRequest
        {
            QueueUrl = url, Entries = [new() { Id = "a", ReceiptHandle = received[0].ReceiptHandle }, new() { Id = "b", ReceiptHandle = "junk" }],
        });
        Assert.Equal("a", Assert.Single(deleted.Successful!).Id);
        Assert.Equal("ReceiptHandleIsInvalid", Assert.Single(deleted.Failed!).Code);
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));

        Task<SendMessageBatchResult> SendAsync(string[] ids) => sqs.Do(SqsOperations.SendMessageBatch, new SendMessageBatchRequest
        {
            QueueUrl = url, Entries = [.. ids.Select(i => new SendMessageBatchRequestEntry { Id = i, MessageBody = "x" })],
        });
    }

    [Fact]
    public async Task VisibilityBatchesAnswerPerEntry()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "1");
        var handle = Assert.Single(await sqs.ReceiveAsync(url)).ReceiptHandle;
        var result = await sqs.Do(SqsOperations.ChangeMessageVisibilityBatch, new ChangeMessageVisibilityBatchRequest
        {
            QueueUrl = url,
            Entries =
            [
                new() { Id = "ok", ReceiptHandle = handle, VisibilityTimeout = 0 },
                new() { Id = "far", ReceiptHandle = handle, VisibilityTimeout = 43_201 },
                new() { Id = "junk", ReceiptHandle = "junk", VisibilityTimeout = 1 },
            ],
        });
        Assert.Equal(["ok"], result.Successful!.Select(s => s.Id));
        Assert.Equal(["far", "junk"], result.Failed!.Select(f => f.Id));
        Assert.Equal((1, 0, 0), await sqs.DepthAsync(url));
    }

    [Fact]
    public async Task ReceiveParametersAreChecked()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await Assert.ThrowsAsync<AwsError>(() => sqs.ReceiveAsync(url, maximum: 11));
        await Assert.ThrowsAsync<AwsError>(() => sqs.ReceiveAsync(url, maximum: 0));
        await Assert.ThrowsAsync<AwsError>(() => sqs.ReceiveAsync(url, wait: 21));
        await Assert.ThrowsAsync<AwsError>(() => sqs.ReceiveAsync(url, visibility: 43_201));
        await Assert.ThrowsAsync<InvalidAttributeName>(() => sqs.Do(SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = url, AttributeNames = ["X"] }));
    }
}
