using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

public sealed class FifoTests
{
    [Fact]
    public async Task GroupsKeepOrderAndBlockWhileInFlight()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs);
        foreach (var (group, body) in ((string, string)[])[("a", "a1"), ("b", "b1"), ("a", "a2"), ("a", "a3"), ("b", "b2")])
        {
            await sqs.SendAsync(url, body, group, body);
        }
        var first = await sqs.ReceiveAsync(url, maximum: 2);
        Assert.Equal(["a1", "a2"], first.Select(m => m.Body));
        var second = await sqs.ReceiveAsync(url);
        Assert.Equal(["b1", "b2"], second.Select(m => m.Body));
        Assert.Empty(await sqs.ReceiveAsync(url));

        await sqs.DeleteAsync(url, first[0].ReceiptHandle!);
        Assert.Empty(await sqs.ReceiveAsync(url));
        await sqs.DeleteAsync(url, first[1].ReceiptHandle!);
        Assert.Equal(["a3"], (await sqs.ReceiveAsync(url)).Select(m => m.Body));
    }

    [Fact]
    public async Task AnExpiredGroupStartsAgainAtItsHead()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs);
        for (var i = 1; i <= 3; i++)
        {
            await sqs.SendAsync(url, $"{i}", "g", $"{i}");
        }
        var first = await sqs.ReceiveAsync(url, maximum: 2, visibility: 10);
        sqs.Clock.Advance(TimeSpan.FromSeconds(11));
        var refused = await Assert.ThrowsAsync<AwsError>(() => sqs.DeleteAsync(url, first[0].ReceiptHandle!));
        Assert.Contains("expired", refused.Message);
        Assert.Equal(["1", "2", "3"], (await sqs.ReceiveAsync(url)).Select(m => m.Body));
    }

    [Fact]
    public async Task SequenceNumbersGrowAndCompareAsTexts()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs);
        var numbers = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            numbers.Add((await sqs.SendAsync(url, $"{i}", "g", $"{i}")).SequenceNumber!);
        }
        Assert.All(numbers, n => Assert.Equal(20, n.Length));
        Assert.Equal(numbers.Order(StringComparer.Ordinal), numbers);
        var message = (await sqs.ReceiveAsync(url))[0];
        Assert.Equal(numbers[0], message.Attributes!["SequenceNumber"]);
        Assert.Equal("g", message.Attributes["MessageGroupId"]);
        Assert.Equal("0", message.Attributes["MessageDeduplicationId"]);
    }

    [Fact]
    public async Task ARepetitionWithinFiveMinutesIsAcceptedAndNotDelivered()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs);
        var first = await sqs.SendAsync(url, "pay", "g", "id-1");
        var got = Assert.Single(await sqs.ReceiveAsync(url));
        await sqs.DeleteAsync(url, got.ReceiptHandle!);
        sqs.Clock.Advance(TimeSpan.FromMinutes(4));
        await sqs.RestartAsync();
        var again = await sqs.SendAsync(url, "pay", "g", "id-1");
        Assert.Equal((first.MessageId, first.SequenceNumber), (again.MessageId, again.SequenceNumber));
        Assert.Empty(await sqs.ReceiveAsync(url));
        sqs.Clock.Advance(TimeSpan.FromMinutes(2));
        var later = await sqs.SendAsync(url, "pay", "g", "id-1");
        Assert.NotEqual(first.MessageId, later.MessageId);
        Assert.Single(await sqs.ReceiveAsync(url));
    }

    [Fact]
    public async Task ContentMakesTheDeduplicationIdWhenTheQueueSaysSo()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs, ("ContentBasedDeduplication", "true"));
        await sqs.SendAsync(url, "same", "a");
        await sqs.SendAsync(url, "same", "b");
        await sqs.SendAsync(url, "other", "a");
        var messages = await sqs.ReceiveAsync(url);
        Assert.Equal(["same", "other"], messages.Select(m => m.Body));
        // SHA-256 of the body, as AWS documents it.
        Assert.Equal("0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5", messages[0].Attributes!["MessageDeduplicationId"]);
    }

    [Fact]
    public async Task DeduplicationMayBePerGroup()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs, ("DeduplicationScope", "messageGroup"), ("FifoThroughputLimit", "perMessageGroupId"));
        await sqs.SendAsync(url, "x", "a", "id");
        await sqs.SendAsync(url, "y", "b", "id");
        await sqs.SendAsync(url, "z", "a", "id");
        Assert.Equal(["x", "y"], (await sqs.ReceiveAsync(url)).Select(m => m.Body));
    }

    [Fact]
    public async Task AnAttemptIdBringsTheSameMessagesAgain()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs);
        await sqs.SendAsync(url, "1", "a", "1");
        await sqs.SendAsync(url, "2", "b", "2");
        var request = new ReceiveMessageRequest
        {
            QueueUrl = url, MaxNumberOfMessages = 10, VisibilityTimeout = 30, ReceiveRequestAttemptId = "try-1", MessageSystemAttributeNames = ["All"],
        };
        var first = (await sqs.Do(SqsOperations.ReceiveMessage, request)).Messages!;
        sqs.Clock.Advance(TimeSpan.FromSeconds(20));
        var second = (await sqs.Do(SqsOperations.ReceiveMessage, request)).Messages!;
        Assert.Equal(first.Select(m => m.MessageId), second.Select(m => m.MessageId));
        Assert.All(second, m => Assert.Equal("1", m.Attributes!["ApproximateReceiveCount"]));
        // The repetition started the visibility period anew.
        sqs.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(await sqs.ReceiveAsync(url));
        await sqs.DeleteAsync(url, first[0].ReceiptHandle!);
    }

    [Fact]
    public async Task WhatAFifoQueueNeedsIsAskedFor()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs);
        Assert.Equal("MissingParameter", (await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, "x"))).QueryCode);
        Assert.Contains("ContentBasedDeduplication", (await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, "x", "g"))).Message);
        Assert.Contains("DelaySeconds", (await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(url, "x", "g", "d", delay: 5))).Message);
        var standard = await sqs.CreateAsync("standard");
        Assert.Contains("MessageDeduplicationId", (await Assert.ThrowsAsync<AwsError>(() => sqs.SendAsync(standard, "x", null, "d"))).Message);
    }

    [Fact]
    public async Task ALongPollIsWokenWhenItsGroupOpens()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await CreateAsync(sqs);
        await sqs.SendAsync(url, "1", "g", "1");
        await sqs.SendAsync(url, "2", "g", "2");
        var first = Assert.Single(await sqs.ReceiveAsync(url, maximum: 1));
        var waiting = sqs.ReceiveAsync(url, wait: 20);
        await sqs.DepthAsync(url);
        await sqs.DeleteAsync(url, first.ReceiptHandle!);
        Assert.Equal("2", Assert.Single(await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Body);
    }

    [Fact]
    public async Task DeadLettersKeepTheirGroup()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var dead = await CreateAsync(sqs, name: "dead.fifo");
        var arn = (await sqs.AttributesAsync(dead, "QueueArn"))["QueueArn"];
        var url = await CreateAsync(sqs, ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":1}"""));
        for (var i = 1; i <= 3; i++)
        {
            await sqs.SendAsync(url, $"{i}", "g", $"{i}");
        }
        await sqs.ReceiveAsync(url, maximum: 2, visibility: 1);
        sqs.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["3"], (await sqs.ReceiveAsync(url)).Select(m => m.Body));
        var letters = await sqs.ReceiveAsync(dead);
        Assert.Equal(["1", "2"], letters.Select(m => m.Body));
        Assert.All(letters, m => Assert.Equal("g", m.Attributes!["MessageGroupId"]));
    }

    private static Task<string> CreateAsync(SqsFixture sqs, params (string Name, string Value)[] attributes) =>
        sqs.CreateAsync("orders.fifo", [("FifoQueue", "true"), .. attributes]);

    private static Task<string> CreateAsync(SqsFixture sqs, string name) => sqs.CreateAsync(name, ("FifoQueue", "true"));
}
