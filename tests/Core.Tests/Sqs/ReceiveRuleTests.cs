using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>What a receive call may ask, what happens to callers that hang up, and settings that change under messages in flight.</summary>
public sealed class ReceiveRuleTests
{
    [Fact]
    public async Task NamesOfQueueAttributesAreIgnoredAndUnknownOnesRefused()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "x");
        var request = new ReceiveMessageRequest { QueueUrl = url, AttributeNames = ["VisibilityTimeout", "QueueArn", "Policy", "SentTimestamp"] };
        var message = Assert.Single((await sqs.Do(SqsOperations.ReceiveMessage, request)).Messages!);
        Assert.Equal(["SentTimestamp"], message.Attributes!.Keys);
        var unknown = new ReceiveMessageRequest { QueueUrl = url, MessageSystemAttributeNames = ["Sender"] };
        Assert.Equal("Unknown Attribute Sender.", (await Assert.ThrowsAsync<InvalidAttributeName>(() => sqs.Do(SqsOperations.ReceiveMessage, unknown))).Message);
    }

    [Fact]
    public async Task AttemptIdsAreForFifoQueuesAndFollowTheirRules()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var fifo = await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true"));
        await AskAsync(fifo, new string('a', 128));
        foreach (var (url, id) in ((string, string)[])[(fifo, ""), (fifo, "a b"), (fifo, new string('a', 129)), (await sqs.CreateAsync("orders"), "a")])
        {
            Assert.Contains("ReceiveRequestAttemptId", (await Assert.ThrowsAsync<AwsError>(() => AskAsync(url, id))).Message);
        }

        Task AskAsync(string url, string id) =>
            sqs.Do(SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = url, ReceiveRequestAttemptId = id });
    }

    [Fact]
    public async Task TheQueuesOwnWaitIsUsedUnlessTheCallNamesOne()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", ("ReceiveMessageWaitTimeSeconds", "20"));
        Assert.Empty(await sqs.ReceiveAsync(url, wait: 0));
        var waiting = sqs.ReceiveAsync(url);
        await sqs.DepthAsync(url);
        Assert.False(waiting.IsCompleted);
        await sqs.SendAsync(url, "x");
        Assert.Single(await waiting.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    /// <summary>Hanging up races with a send. Whoever wins: the caller has the message, or it is visible for the next one.</summary>
    [Fact]
    public async Task ACallerThatHangsUpWhileItsMessageComesLeavesItVisible()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        for (var round = 0; round < 300; round++)
        {
            using var hangUp = new CancellationTokenSource();
            var waiting = sqs.ReceiveAsync(url, wait: 20, stop: hangUp.Token);
            await sqs.DepthAsync(url);
            var sending = Task.Run(() => sqs.SendAsync(url, "x"));
            await Task.Run(hangUp.Cancel);
            await sending;
            var received = await Record.ExceptionAsync(() => waiting) is null ? await waiting : [];
            Assert.Equal((1 - received.Count, received.Count), ((await sqs.DepthAsync(url)).Visible, (await sqs.DepthAsync(url)).InFlight));
            foreach (var message in received.Count > 0 ? received : await sqs.ReceiveAsync(url))
            {
                await sqs.DeleteAsync(url, message.ReceiptHandle!);
            }
        }
    }

    [Fact]
    public async Task ACallerThatHangsUpBeforeItsAnswerIsWrittenLeavesItsMessageVisible()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "x");
        var hungUp = 0;
        for (var round = 0; round < 50; round++)
        {
            using var hangUp = new CancellationTokenSource();
            var receiving = sqs.ReceiveAsync(url, visibility: 600, wait: 0, stop: hangUp.Token);
            await hangUp.CancelAsync();
            List<Message> received = [];
            hungUp += await Record.ExceptionAsync(async () => received = await receiving) is OperationCanceledException ? 1 : 0;
            Assert.Equal((1 - received.Count, received.Count, 0), await sqs.DepthAsync(url));
            foreach (var message in received)
            {
                await sqs.Do(SqsOperations.ChangeMessageVisibility, new ChangeMessageVisibilityRequest { QueueUrl = url, ReceiptHandle = message.ReceiptHandle, VisibilityTimeout = 0 });
            }
        }
        // Each round loses against the disk, but for one that a busy machine holds up in between.
        Assert.NotEqual(0, hungUp);
        using var again = new CancellationTokenSource();
        var polling = sqs.ReceiveAsync(url, visibility: 600, wait: 20, stop: again.Token);
        await again.CancelAsync();
        var left = await Record.ExceptionAsync(() => polling) is OperationCanceledException ? 1 : 0;
        Assert.Equal((left, 1 - left, 0), await sqs.DepthAsync(url));
    }

    [Fact]
    public async Task ChangedSettingsLeaveWhatIsInFlightAloneAndHoldForTheNextDelivery()
    {
        await using var sqs = await SqsFixture.StartAsync();
        await sqs.CreateAsync("dead");
        var url = await sqs.CreateAsync("orders", ("VisibilityTimeout", "100"));
        await sqs.SendAsync(url, "x");
        await sqs.SendAsync(url, "delayed", delay: 50);
        var first = Assert.Single(await sqs.ReceiveAsync(url));
        await SetAsync("VisibilityTimeout", "10");
        await SetAsync("DelaySeconds", "900");
        sqs.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal((0, 1, 1), await sqs.DepthAsync(url));
        sqs.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("delayed", Assert.Single(await sqs.ReceiveAsync(url)).Body);
        await SetAsync("RedrivePolicy", """{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead","maxReceiveCount":1}""");
        await sqs.Do(SqsOperations.ChangeMessageVisibility, new ChangeMessageVisibilityRequest { QueueUrl = url, ReceiptHandle = first.ReceiptHandle, VisibilityTimeout = 0 });
        Assert.Empty(await sqs.ReceiveAsync(url));
        Assert.Equal("x", Assert.Single(await sqs.ReceiveAsync(url.Replace("orders", "dead"))).Body);
        await SetAsync("MessageRetentionPeriod", "60");
        sqs.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await sqs.ReceiveAsync(url));
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));

        Task SetAsync(string name, string value) => sqs.Do(
            SqsOperations.SetQueueAttributes, new SetQueueAttributesRequest { QueueUrl = url, Attributes = new() { [name] = value } });
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(".fifo", false)]
    public async Task ADeadLetterKeepsWhatItsSenderGave(string suffix, bool keepsItsAge)
    {
        await using var sqs = await SqsFixture.StartAsync();
        (string, string)[] kind = suffix.Length > 0 ? [("FifoQueue", "true")] : [];
        var dead = await sqs.CreateAsync("dead" + suffix, kind);
        var url = await sqs.CreateAsync("orders" + suffix, [.. kind,
            ("RedrivePolicy", $$"""{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead{{suffix}}","maxReceiveCount":1}""")]);
        await sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url, MessageBody = "poison", MessageGroupId = "g", MessageDeduplicationId = suffix.Length > 0 ? "d" : null,
            MessageAttributes = new() { ["kind"] = new() { DataType = "String", StringValue = "order" } },
            MessageSystemAttributes = new() { ["AWSTraceHeader"] = new() { DataType = "String", StringValue = "Root=1" } },
        });
        var first = Assert.Single(await sqs.ReceiveAsync(url, visibility: 5));
        sqs.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await sqs.ReceiveAsync(url));
        var letter = Assert.Single(await sqs.ReceiveAsync(dead));
        Assert.Equal((first.MessageId, first.Body, first.MD5OfBody, first.MD5OfMessageAttributes), (letter.MessageId, letter.Body, letter.MD5OfBody, letter.MD5OfMessageAttributes));
        foreach (var name in (string[])["SenderId", "AWSTraceHeader", "MessageGroupId", "MessageDeduplicationId"])
        {
            Assert.Equal(first.Attributes!.GetValueOrDefault(name), letter.Attributes!.GetValueOrDefault(name));
        }
        Assert.Equal($"arn:aws:sqs:eu-central-1:123456789012:orders{suffix}", letter.Attributes!["DeadLetterQueueSourceArn"]);
        Assert.Equal(keepsItsAge, first.Attributes!["SentTimestamp"] == letter.Attributes["SentTimestamp"]);
    }

    [Fact]
    public async Task AFullQueueRefusesShortPollsAndAFifoQueueHandsOutNothing()
    {
        Assert.Equal(120_000, new QueueSettings().MaximumInFlight);
        var folder = Directory.CreateTempSubdirectory("longspan-messages-");
        await using (var store = SqliteMessageBackend.Open(folder.FullName, new ManualClock()))
        {
            foreach (var fifo in (bool[])[false, true])
            {
                var queue = fifo ? 2 : 1;
                await store.OpenAsync(queue, new QueueSettings { Fifo = fifo, MaximumInFlight = 2 }, default);
                await store.SendAsync(queue, [.. Enumerable.Range(0, 3).Select(i => new NewMessage(Guid.CreateVersion7(), [1]) { GroupId = $"g{i}" })], default);
                Assert.Equal(2, (await store.ReceiveAsync(queue, new ReceiveOrder(10, TimeSpan.FromSeconds(30), default), default)).Messages.Count);
                var full = await store.ReceiveAsync(queue, new ReceiveOrder(10, TimeSpan.FromSeconds(30), default), default);
                Assert.Equal((fifo ? ReceptionStatus.Delivered : ReceptionStatus.OverLimit, 0), (full.Status, full.Messages.Count));
            }
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task NothingOfADeletedQueueAnswers()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "x");
        var handle = Assert.Single(await sqs.ReceiveAsync(url)).ReceiptHandle;
        await sqs.Do(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = url });
        await GoneAsync(SqsOperations.GetQueueUrl, new GetQueueUrlRequest { QueueName = "orders" });
        await GoneAsync(SqsOperations.GetQueueAttributes, new GetQueueAttributesRequest { QueueUrl = url, AttributeNames = ["All"] });
        await GoneAsync(SqsOperations.SetQueueAttributes, new SetQueueAttributesRequest { QueueUrl = url, Attributes = new() { ["DelaySeconds"] = "1" } });
        await GoneAsync(SqsOperations.SendMessage, new SendMessageRequest { QueueUrl = url, MessageBody = "x" });
        await GoneAsync(SqsOperations.SendMessageBatch, new SendMessageBatchRequest { QueueUrl = url, Entries = [new() { Id = "a", MessageBody = "x" }] });
        await GoneAsync(SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = url, WaitTimeSeconds = 20 });
        await GoneAsync(SqsOperations.DeleteMessage, new DeleteMessageRequest { QueueUrl = url, ReceiptHandle = handle });
        await GoneAsync(SqsOperations.DeleteMessageBatch, new DeleteMessageBatchRequest { QueueUrl = url, Entries = [new() { Id = "a", ReceiptHandle = handle }] });
        await GoneAsync(SqsOperations.ChangeMessageVisibility, new ChangeMessageVisibilityRequest { QueueUrl = url, ReceiptHandle = handle, VisibilityTimeout = 1 });
        await GoneAsync(SqsOperations.PurgeQueue, new PurgeQueueRequest { QueueUrl = url });
        await GoneAsync(SqsOperations.TagQueue, new TagQueueRequest { QueueUrl = url, Tags = new() { ["a"] = "b" } });
        await GoneAsync(SqsOperations.ListQueueTags, new ListQueueTagsRequest { QueueUrl = url });
        await GoneAsync(SqsOperations.ListDeadLetterSourceQueues, new ListDeadLetterSourceQueuesRequest { QueueUrl = url });
        await GoneAsync(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = url });
        await Assert.ThrowsAsync<QueueDeletedRecently>(() => sqs.CreateAsync("orders"));
        sqs.Clock.Advance(TimeSpan.FromSeconds(60));
        await sqs.CreateAsync("orders");
        await Assert.ThrowsAsync<ReceiptHandleIsInvalid>(() => sqs.DeleteAsync(url, handle!));

        async Task GoneAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
            where TRequest : Shape, new()
            where TResponse : Shape, new() => await Assert.ThrowsAsync<QueueDoesNotExist>(() => sqs.Do(operation, request));
    }
}
