using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>What a message may hold, to the last byte, and what a whole batch may.</summary>
public sealed class SendRuleTests
{
    [Theory]
    [InlineData(0x09)]
    [InlineData(0x0A)]
    [InlineData(0x0D)]
    [InlineData(0x20)]
    [InlineData(0x7F)]
    [InlineData(0xD7FF)]
    [InlineData(0xE000)]
    [InlineData(0xFFFD)]
    [InlineData(0x10000)]
    [InlineData(0x10FFFF)]
    public async Task EveryLegalCharacterComesBack(int code)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var body = char.ConvertFromUtf32(code);
        await sqs.SendAsync(url, body);
        Assert.Equal(body, Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    [Theory]
    [InlineData("a.b-c_D9", true)]
    [InlineData("", false)]
    [InlineData(".a", false)]
    [InlineData("a.", false)]
    [InlineData("a..b", false)]
    [InlineData("a b", false)]
    [InlineData("é", false)]
    [InlineData("AWS.a", false)]
    [InlineData("amazon.a", false)]
    [InlineData("awsome", true)]
    public async Task AttributeNamesFollowTheRules(string name, bool legal)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var refused = await Record.ExceptionAsync(() => SendAsync(sqs, url, "x", (name, "v")));
        Assert.Equal(legal, refused is null);
        Assert.True(legal || refused is AwsError { QueryCode: "InvalidParameterValue" });
        await SendAsync(sqs, url, "x", (new string('n', 256), "v"));
        await Assert.ThrowsAsync<AwsError>(() => SendAsync(sqs, url, "x", (new string('n', 257), "v")));
    }

    [Fact]
    public async Task TenAttributesAreTheMostAndNoneIsEmpty()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await SendAsync(sqs, url, "x", [.. Enumerable.Range(0, 10).Select(i => ($"a{i}", "v"))]);
        var many = await Assert.ThrowsAsync<AwsError>(() => SendAsync(sqs, url, "x", [.. Enumerable.Range(0, 11).Select(i => ($"a{i}", "v"))]));
        Assert.Equal("Number of message attributes [11] exceeds the allowed maximum [10].", many.Message);
        var empty = await Assert.ThrowsAsync<AwsError>(() => SendAsync(sqs, url, "x", ("ErrorDetails", "")));
        Assert.Equal("Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.", empty.Message);
    }

    [Fact]
    public async Task NamesTypesAndValuesCountAsBytesOfTheMessage()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", ("MaximumMessageSize", "1024"));
        var attribute = ("name", new string('v', 14));
        await SendAsync(sqs, url, new string('x', 1000), attribute);
        var large = await Assert.ThrowsAsync<AwsError>(() => SendAsync(sqs, url, new string('x', 1001), attribute));
        Assert.Equal("One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.", large.Message);
        await sqs.SendAsync(url, new string('é', 512));
        await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, new string('é', 513)));
    }

    [Fact]
    public async Task ABatchCountsAllItsEntriesEvenThoseThatAreRefused()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var half = new string('x', 512 * 1024);
        var full = await BatchAsync(sqs, url, new() { Id = "a", MessageBody = half }, new() { Id = "b", MessageBody = half });
        Assert.Equal(2, full.Successful!.Count);
        var large = await Assert.ThrowsAsync<BatchRequestTooLong>(
            () => BatchAsync(sqs, url, new() { Id = "a", MessageBody = half + "\u0001" }, new() { Id = "b", MessageBody = half }));
        Assert.Equal("Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.", large.Message);
        await Assert.ThrowsAsync<BatchRequestTooLong>(() => BatchAsync(sqs, url, new SendMessageBatchRequestEntry { Id = "a", MessageBody = half + half + "x" }));
    }

    [Fact]
    public async Task AFifoBatchWithoutOrderIsRefusedAsAWhole()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true"));
        var good = new SendMessageBatchRequestEntry { Id = "a", MessageBody = "x", MessageGroupId = "g", MessageDeduplicationId = "d" };
        var group = await Assert.ThrowsAsync<AwsError>(() => BatchAsync(sqs, url, good, new() { Id = "b", MessageBody = "x", MessageDeduplicationId = "d" }));
        Assert.Equal(("InvalidParameterValue", "The request must contain the parameter MessageGroupId."), (group.QueryCode, group.Message));
        var id = await Assert.ThrowsAsync<AwsError>(() => BatchAsync(sqs, url, good, new() { Id = "b", MessageBody = "x", MessageGroupId = "g" }));
        Assert.StartsWith("The queue should either have ContentBasedDeduplication enabled", id.Message);
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));
        var late = await BatchAsync(sqs, url, good, new() { Id = "b", MessageBody = "x", MessageGroupId = "g", MessageDeduplicationId = "e", DelaySeconds = 1 });
        Assert.Equal(("a", "b"), (Assert.Single(late.Successful!).Id, Assert.Single(late.Failed!).Id));
    }

    [Fact]
    public async Task GroupAndDeduplicationIdsAreWordsOfUpTo128()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true"));
        const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
        await sqs.SendAsync(url, "x", Punctuation, Punctuation, delay: 0);
        await sqs.SendAsync(url, "x", new string('g', 128), new string('d', 128));
        foreach (var bad in (string[])["a b", "é", new string('x', 129), "tab\t"])
        {
            Assert.Contains("MessageGroupId", (await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, "x", bad, "d"))).Message);
            Assert.Contains("MessageDeduplicationId", (await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, "x", "g", bad))).Message);
        }
        var standard = await sqs.CreateAsync("standard");
        await sqs.SendAsync(standard, "fair", "tenant-1");
        Assert.Equal("tenant-1", Assert.Single(await sqs.ReceiveAsync(standard)).Attributes!["MessageGroupId"]);
        await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(standard, "x", "a b"));
    }

    private static Task<SendMessageBatchResult> BatchAsync(SqsFixture sqs, string url, params List<SendMessageBatchRequestEntry> entries) =>
        sqs.Do(SqsOperations.SendMessageBatch, new SendMessageBatchRequest { QueueUrl = url, Entries = entries });

    private static Task<SendMessageResult> SendAsync(SqsFixture sqs, string url, string body, params (string Name, string Value)[] attributes) =>
        sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url,
            MessageBody = body,
            MessageAttributes = attributes.ToDictionary(a => a.Name, a => new MessageAttributeValue { DataType = "String", StringValue = a.Value }),
        });
}
