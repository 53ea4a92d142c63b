using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

public sealed class MessageFlowTests
{
    [Fact]
    public async Task AMessageIsSentReceivedAndDeleted()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        Assert.Equal("http://localhost:4566/123456789012/orders", url);
        var sent = await sqs.SendAsync(url, "hello");
        Assert.Equal("5d41402abc4b2a76b9719d911017c592", sent.MD5OfMessageBody);
        Assert.Equal((1, 0, 0), await sqs.DepthAsync(url));

        var message = Assert.Single(await sqs.ReceiveAsync(url));
        Assert.Equal(sent.MessageId, message.MessageId);
        Assert.Equal("hello", message.Body);
        Assert.Equal("1", message.Attributes!["ApproximateReceiveCount"]);
        Assert.Equal("AIDATESTER", message.Attributes["SenderId"]);
        Assert.Equal((0, 1, 0), await sqs.DepthAsync(url));
        Assert.Empty(await sqs.ReceiveAsync(url));

        await sqs.DeleteAsync(url, message.ReceiptHandle!);
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));
        // A second delete is not an error.
        await sqs.DeleteAsync(url, message.ReceiptHandle!);
    }

    [Fact]
    public async Task AMessageComesBackWhenItsVisibilityRunsOut()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", ("VisibilityTimeout", "30"));
        await sqs.SendAsync(url, "again");
        var first = Assert.Single(await sqs.ReceiveAsync(url));
        sqs.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Empty(await sqs.ReceiveAsync(url));
        sqs.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = Assert.Single(await sqs.ReceiveAsync(url));
        Assert.Equal("2", second.Attributes!["ApproximateReceiveCount"]);
        Assert.Equal(first.Attributes!["ApproximateFirstReceiveTimestamp"], second.Attributes["ApproximateFirstReceiveTimestamp"]);
        Assert.NotEqual(first.ReceiptHandle, second.ReceiptHandle);

        // The earlier handle is accepted and deletes nothing.
        await sqs.DeleteAsync(url, first.ReceiptHandle!);
        Assert.Equal((0, 1, 0), await sqs.DepthAsync(url));
        await sqs.DeleteAsync(url, second.ReceiptHandle!);
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));
    }

    [Fact]
    public async Task AnExpiredReceiptStillDeletesWhenNobodyElseHasTheMessage()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "late");
        var message = Assert.Single(await sqs.ReceiveAsync(url, visibility: 5));
        sqs.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal((1, 0, 0), await sqs.DepthAsync(url));
        await sqs.DeleteAsync(url, message.ReceiptHandle!);
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));
    }

    [Fact]
    public async Task VisibilityIsChangedWhileInFlightAndRefusedOtherwise()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "one");
        var message = Assert.Single(await sqs.ReceiveAsync(url, visibility: 10));
        await Change(sqs, url, message.ReceiptHandle!, 100);
        sqs.Clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Empty(await sqs.ReceiveAsync(url));
        await Change(sqs, url, message.ReceiptHandle!, 0);
        Assert.Equal((1, 0, 0), await sqs.DepthAsync(url));
        await Assert.ThrowsAsync<MessageNotInflight>(() => Change(sqs, url, message.ReceiptHandle!, 10));
        await sqs.DeleteAsync(url, message.ReceiptHandle!);
        var gone = await Assert.ThrowsAsync<AwsError>(() => Change(sqs, url, message.ReceiptHandle!, 10));
        Assert.Equal("InvalidParameterValue", gone.QueryCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task VisibilityEndsTwelveHoursAfterTheDelivery(bool restart)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "long work");
        var first = Assert.Single(await sqs.ReceiveAsync(url, visibility: 43_200));
        await Change(sqs, url, first.ReceiptHandle!, 43_200);
        await Change(sqs, url, first.ReceiptHandle!, 0);
        sqs.Clock.Advance(TimeSpan.FromHours(1));
        var message = Assert.Single(await sqs.ReceiveAsync(url, visibility: 10_800));
        sqs.Clock.Advance(TimeSpan.FromHours(2));
        if (restart)
        {
            await sqs.RestartAsync();
        }
        var refused = await Assert.ThrowsAsync<AwsError>(() => Change(sqs, url, message.ReceiptHandle!, 36_001));
        Assert.Equal("InvalidParameterValue", refused.QueryCode);
        Assert.Equal(
            "Value 36001 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
            refused.Message);
        await Change(sqs, url, message.ReceiptHandle!, 36_000);
        sqs.Clock.Advance(TimeSpan.FromHours(10) - TimeSpan.FromSeconds(1));
        Assert.Empty(await sqs.ReceiveAsync(url));
        sqs.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("3", Assert.Single(await sqs.ReceiveAsync(url)).Attributes!["ApproximateReceiveCount"]);
    }

    [Fact]
    public async Task DelaysHoldAMessageBack()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", ("DelaySeconds", "5"));
        await sqs.SendAsync(url, "queue's delay");
        await sqs.SendAsync(url, "own delay", delay: 20);
        await sqs.SendAsync(url, "no delay", delay: 0);
        Assert.Equal((1, 0, 2), await sqs.DepthAsync(url));
        Assert.Equal("no delay", Assert.Single(await sqs.ReceiveAsync(url)).Body);
        sqs.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("queue's delay", Assert.Single(await sqs.ReceiveAsync(url)).Body);
        sqs.Clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal("own delay", Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    [Fact]
    public async Task ALongPollIsWokenByASend()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var waiting = sqs.ReceiveAsync(url, wait: 20);
        Assert.False(waiting.IsCompleted);
        await sqs.SendAsync(url, "wake up");
        Assert.Equal("wake up", Assert.Single(await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Body);
    }

    [Fact]
    public async Task ALongPollEndsWithNothingAfterItsTime()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var waiting = sqs.ReceiveAsync(url, wait: 3);
        await sqs.DepthAsync(url);
        sqs.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Empty(await waiting.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task ALongPollGetsWhatBecomesVisibleMeanwhile()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "one");
        await sqs.ReceiveAsync(url, visibility: 5);
        var waiting = sqs.ReceiveAsync(url, wait: 20);
        await sqs.DepthAsync(url);
        sqs.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("2", Assert.Single(await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Attributes!["ApproximateReceiveCount"]);
    }

    [Fact]
    public async Task DeletingTheQueueEndsItsLongPolls()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var waiting = sqs.ReceiveAsync(url, wait: 20);
        await sqs.DepthAsync(url);
        await sqs.Do(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = url });
        await Assert.ThrowsAsync<QueueDoesNotExist>(() => waiting.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task ACancelledLongPollTakesNoMessage()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        using var stop = new CancellationTokenSource();
        var waiting = sqs.ReceiveAsync(url, wait: 20, stop: stop.Token);
        await sqs.DepthAsync(url);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await sqs.SendAsync(url, "for the next one");
        Assert.Equal("for the next one", Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    [Fact]
    public async Task WornOutMessagesGoToTheDeadLetterQueue()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var dead = await sqs.CreateAsync("dead");
        var deadArn = (await sqs.AttributesAsync(dead, "QueueArn"))["QueueArn"];
        var url = await sqs.CreateAsync("orders", ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{deadArn}}","maxReceiveCount":"2"}"""));
        var sent = await sqs.SendAsync(url, "poison");
        for (var i = 0; i < 2; i++)
        {
            Assert.Single(await sqs.ReceiveAsync(url, visibility: 1));
            sqs.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Empty(await sqs.ReceiveAsync(url));
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));
        var letter = Assert.Single(await sqs.ReceiveAsync(dead));
        Assert.Equal(sent.MessageId, letter.MessageId);
        Assert.Equal("arn:aws:sqs:eu-central-1:123456789012:orders", letter.Attributes!["DeadLetterQueueSourceArn"]);
        var sources = await sqs.Do(SqsOperations.ListDeadLetterSourceQueues, new ListDeadLetterSourceQueuesRequest { QueueUrl = dead });
        Assert.Equal([url], sources.QueueUrls!);
    }

    [Fact]
    public async Task EverythingIsThereAfterARestart()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", ("VisibilityTimeout", "100"));
        await sqs.SendAsync(url, "in flight");
        var first = Assert.Single(await sqs.ReceiveAsync(url));
        await sqs.SendAsync(url, "visible");
        await sqs.SendAsync(url, "delayed", delay: 50);
        await sqs.RestartAsync();
        Assert.Equal((1, 1, 1), await sqs.DepthAsync(url));
        await sqs.DeleteAsync(url, first.ReceiptHandle!);
        Assert.Equal("visible", Assert.Single(await sqs.ReceiveAsync(url)).Body);
        sqs.Clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("delayed", Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    [Fact]
    public async Task OldMessagesExpire()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", ("MessageRetentionPeriod", "60"));
        await sqs.SendAsync(url, "old");
        sqs.Clock.Advance(TimeSpan.FromSeconds(40));
        await sqs.SendAsync(url, "young");
        sqs.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("young", Assert.Single(await sqs.ReceiveAsync(url)).Body);
        Assert.Equal((0, 1, 0), await sqs.DepthAsync(url));
    }

    [Fact]
    public async Task ForgedAndForeignHandlesAreRefused()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var one = await sqs.CreateAsync("one");
        var two = await sqs.CreateAsync("two");
        await sqs.SendAsync(one, "x");
        var handle = Assert.Single(await sqs.ReceiveAsync(one)).ReceiptHandle!;
        await Assert.ThrowsAsync<ReceiptHandleIsInvalid>(() => sqs.DeleteAsync(two, handle));
        var forged = (handle[0] == 'A' ? 'B' : 'A') + handle[1..];
        await Assert.ThrowsAsync<ReceiptHandleIsInvalid>(() => sqs.DeleteAsync(one, forged));
        await Assert.ThrowsAsync<ReceiptHandleIsInvalid>(() => sqs.DeleteAsync(one, "nonsense"));
    }

    [Fact]
    public async Task ResetLeavesNothing()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "x");
        var waiting = sqs.ReceiveAsync(await sqs.CreateAsync("other"), wait: 20);
        await sqs.DepthAsync(url);
        await sqs.Module.ResetAsync(default);
        await Assert.ThrowsAsync<QueueDoesNotExist>(() => waiting);
        await Assert.ThrowsAsync<QueueDoesNotExist>(() => sqs.SendAsync(url, "y"));
    }

    private static async Task Change(SqsFixture sqs, string url, string handle, int seconds) =>
        await sqs.Do(SqsOperations.ChangeMessageVisibility, new ChangeMessageVisibilityRequest
        {
            QueueUrl = url, ReceiptHandle = handle, VisibilityTimeout = seconds,
        });
}
