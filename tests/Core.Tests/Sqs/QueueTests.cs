using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

public sealed class QueueTests
{
    [Fact]
    public async Task ANewQueueHasTodaysDefaults()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var all = await sqs.AttributesAsync(url, "All");
        Assert.Equal("30", all["VisibilityTimeout"]);
        Assert.Equal("1048576", all["MaximumMessageSize"]);
        Assert.Equal("345600", all["MessageRetentionPeriod"]);
        Assert.Equal("0", all["DelaySeconds"]);
        Assert.Equal("0", all["ReceiveMessageWaitTimeSeconds"]);
        Assert.Equal("true", all["SqsManagedSseEnabled"]);
        Assert.Equal("arn:aws:sqs:eu-central-1:123456789012:orders", all["QueueArn"]);
        Assert.Equal(sqs.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(), all["CreatedTimestamp"]);
        Assert.False(all.ContainsKey("FifoQueue"));
        Assert.Empty(await sqs.AttributesAsync(url));
        Assert.Equal(["DelaySeconds"], (await sqs.AttributesAsync(url, "DelaySeconds")).Keys);
        await Assert.ThrowsAsync<InvalidAttributeName>(() => sqs.AttributesAsync(url, "Nonsense"));
    }

    [Fact]
    public async Task CreatingAgainIsFineWithTheSameAttributesOnly()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", ("VisibilityTimeout", "60"));
        Assert.Equal(url, await sqs.CreateAsync("orders", ("VisibilityTimeout", "60")));
        Assert.Equal(url, await sqs.CreateAsync("orders"));
        Assert.Equal(url, await sqs.CreateAsync("orders", ("DelaySeconds", "0")));
        var refused = await Assert.ThrowsAsync<QueueNameExists>(() => sqs.CreateAsync("orders", ("VisibilityTimeout", "61")));
        Assert.Equal("QueueAlreadyExists", refused.QueryCode);
    }

    [Theory]
    [InlineData("VisibilityTimeout", "43201")]
    [InlineData("VisibilityTimeout", "-1")]
    [InlineData("MaximumMessageSize", "1023")]
    [InlineData("MaximumMessageSize", "1048577")]
    [InlineData("MessageRetentionPeriod", "59")]
    [InlineData("MessageRetentionPeriod", "1209601")]
    [InlineData("DelaySeconds", "901")]
    [InlineData("ReceiveMessageWaitTimeSeconds", "21")]
    [InlineData("DelaySeconds", "five")]
    public async Task ValuesOutsideTheirRangeAreRefused(string name, string value)
    {
        await using var sqs = await SqsFixture.StartAsync();
        await Assert.ThrowsAsync<InvalidAttributeValue>(() => sqs.CreateAsync("orders", (name, value)));
        var url = await sqs.CreateAsync("orders");
        await Assert.ThrowsAsync<InvalidAttributeValue>(() => SetAsync(sqs, url, (name, value)));
    }

    [Theory]
    [InlineData("with space", false)]
    [InlineData("", false)]
    [InlineData("orders.fifo", false)]
    [InlineData("orders", true)]
    [InlineData(".fifo", true)]
    public async Task NamesFollowTheRules(string name, bool fifo)
    {
        await using var sqs = await SqsFixture.StartAsync();
        await Assert.ThrowsAsync<AwsError>(() => fifo ? sqs.CreateAsync(name, ("FifoQueue", "true")) : sqs.CreateAsync(name));
        await Assert.ThrowsAsync<AwsError>(() => sqs.CreateAsync(new string('x', 81)));
    }

    [Fact]
    public async Task SettingsTakeEffectAtOnce()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        sqs.Clock.Advance(TimeSpan.FromSeconds(5));
        await SetAsync(sqs, url, ("VisibilityTimeout", "7"), ("DelaySeconds", "3"));
        var all = await sqs.AttributesAsync(url, "All");
        Assert.Equal("7", all["VisibilityTimeout"]);
        Assert.Equal(5, long.Parse(all["LastModifiedTimestamp"]) - long.Parse(all["CreatedTimestamp"]));
        await sqs.SendAsync(url, "x");
        sqs.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Single(await sqs.ReceiveAsync(url));
        sqs.Clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Single(await sqs.ReceiveAsync(url));
        await sqs.RestartAsync();
        Assert.Equal("7", (await sqs.AttributesAsync(url, "All"))["VisibilityTimeout"]);
    }

    [Fact]
    public async Task QueuesAreListedByPrefixAndPage()
    {
        await using var sqs = await SqsFixture.StartAsync();
        foreach (var name in (string[])["b2", "a1", "b1", "b3"])
        {
            await sqs.CreateAsync(name);
        }
        var all = await sqs.Do(SqsOperations.ListQueues, new ListQueuesRequest());
        Assert.Equal(4, all.QueueUrls!.Count);
        Assert.Null(all.NextToken);
        var page = await sqs.Do(SqsOperations.ListQueues, new ListQueuesRequest { QueueNamePrefix = "b", MaxResults = 2 });
        Assert.Equal(["b1", "b2"], page.QueueUrls!.Select(u => u[^2..]));
        var rest = await sqs.Do(SqsOperations.ListQueues, new ListQueuesRequest { QueueNamePrefix = "b", MaxResults = 2, NextToken = page.NextToken });
        Assert.Equal(["b3"], rest.QueueUrls!.Select(u => u[^2..]));
        Assert.Null(rest.NextToken);
    }

    [Theory]
    [InlineData("http://localhost:4566/123456789012/orders")]
    [InlineData("https://sqs.eu-central-1.amazonaws.com/123456789012/orders")]
    [InlineData("http://eu-central-1.queue.localhost:1/123456789012/orders/")]
    [InlineData("/123456789012/orders")]
    [InlineData("orders")]
    public async Task AnyFormOfTheUrlFindsTheQueue(string url)
    {
        await using var sqs = await SqsFixture.StartAsync();
        await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "x");
        var found = await sqs.Do(SqsOperations.GetQueueUrl, new GetQueueUrlRequest { QueueName = "orders", QueueOwnerAWSAccountId = "123456789012" });
        Assert.Equal("http://localhost:4566/123456789012/orders", found.QueueUrl);
        var missing = await Assert.ThrowsAsync<QueueDoesNotExist>(() => sqs.SendAsync(url.Replace("orders", "others"), "x"));
        Assert.Equal("The specified queue does not exist.", missing.Message);
        Assert.Equal("AWS.SimpleQueueService.NonExistentQueue", missing.QueryCode);
    }

    [Fact]
    public async Task ADeletedQueuesNameRestsForAMinuteAndItsMessagesAreGone()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "of the first");
        await sqs.Do(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = url });
        await Assert.ThrowsAsync<QueueDoesNotExist>(() => sqs.ReceiveAsync(url));
        await Assert.ThrowsAsync<QueueDeletedRecently>(() => sqs.CreateAsync("orders"));
        sqs.Clock.Advance(TimeSpan.FromSeconds(60));
        await sqs.CreateAsync("orders");
        Assert.Empty(await sqs.ReceiveAsync(url));
    }

    [Fact]
    public async Task PurgingIsAllowedOnceAMinute()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "1");
        await sqs.ReceiveAsync(url);
        await sqs.SendAsync(url, "2");
        await sqs.Do(SqsOperations.PurgeQueue, new PurgeQueueRequest { QueueUrl = url });
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));
        await Assert.ThrowsAsync<PurgeQueueInProgress>(() => sqs.Do(SqsOperations.PurgeQueue, new PurgeQueueRequest { QueueUrl = url }));
        sqs.Clock.Advance(TimeSpan.FromSeconds(60));
        await sqs.Do(SqsOperations.PurgeQueue, new PurgeQueueRequest { QueueUrl = url });
    }

    [Fact]
    public async Task TagsAreKept()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = (await sqs.Do(SqsOperations.CreateQueue, new CreateQueueRequest { QueueName = "orders", Tags = new() { ["team"] = "a" } })).QueueUrl!;
        await sqs.Do(SqsOperations.TagQueue, new TagQueueRequest { QueueUrl = url, Tags = new() { ["stage"] = "test", ["team"] = "b" } });
        await sqs.Do(SqsOperations.UntagQueue, new UntagQueueRequest { QueueUrl = url, TagKeys = ["stage", "unknown"] });
        await sqs.RestartAsync();
        var tags = (await sqs.Do(SqsOperations.ListQueueTags, new ListQueueTagsRequest { QueueUrl = url })).Tags!;
        Assert.Equal("b", Assert.Single(tags, t => t.Key == "team").Value);
        Assert.Single(tags);
    }

    [Fact]
    public async Task PermissionsBecomeAPolicy()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var add = new AddPermissionRequest { QueueUrl = url, Label = "readers", AWSAccountIds = ["111122223333"], Actions = ["ReceiveMessage", "DeleteMessage"] };
        await sqs.Do(SqsOperations.AddPermission, add);
        var policy = (await sqs.AttributesAsync(url, "Policy"))["Policy"];
        Assert.Contains("\"Sid\":\"readers\"", policy);
        Assert.Contains("arn:aws:iam::111122223333:root", policy);
        Assert.Contains("SQS:DeleteMessage", policy);
        await Assert.ThrowsAsync<AwsError>(() => sqs.Do(SqsOperations.AddPermission, add));
        await sqs.Do(SqsOperations.RemovePermission, new RemovePermissionRequest { QueueUrl = url, Label = "readers" });
        Assert.Empty(await sqs.AttributesAsync(url, "Policy"));
        await Assert.ThrowsAsync<AwsError>(() => sqs.Do(SqsOperations.RemovePermission, new RemovePermissionRequest { QueueUrl = url, Label = "readers" }));
    }

    [Theory]
    [InlineData("""{"maxReceiveCount":3}""")]
    [InlineData("""{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:none","maxReceiveCount":3}""")]
    [InlineData("""{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead.fifo","maxReceiveCount":3}""")]
    [InlineData("""{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:closed","maxReceiveCount":3}""")]
    [InlineData("""{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead","maxReceiveCount":0}""")]
    [InlineData("""{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead","maxReceiveCount":1001}""")]
    [InlineData("not json")]
    public async Task RedrivePoliciesAreChecked(string policy)
    {
        await using var sqs = await SqsFixture.StartAsync();
        await sqs.CreateAsync("dead");
        await sqs.CreateAsync("dead.fifo", ("FifoQueue", "true"));
        await sqs.CreateAsync("closed", ("RedriveAllowPolicy", """{"redrivePermission":"denyAll"}"""));
        var refused = await Assert.ThrowsAsync<AwsError>(() => sqs.CreateAsync("orders", ("RedrivePolicy", policy)));
        Assert.Equal("InvalidParameterValue", refused.QueryCode);
        var url = await sqs.CreateAsync("orders", ("RedrivePolicy", """{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead","maxReceiveCount":"3"}"""));
        await SetAsync(sqs, url, ("RedrivePolicy", ""));
        Assert.Empty(await sqs.AttributesAsync(url, "RedrivePolicy"));
    }

    private static async Task SetAsync(SqsFixture sqs, string url, params (string Name, string Value)[] attributes) =>
        await sqs.Do(SqsOperations.SetQueueAttributes, new SetQueueAttributesRequest
        {
            QueueUrl = url, Attributes = attributes.ToDictionary(a => a.Name, a => a.Value),
        });
}
