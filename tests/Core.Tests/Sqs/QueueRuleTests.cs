using System.Text.Json.Nodes;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>What a queue's definition may hold, and the refusals for the rest.</summary>
public sealed class QueueRuleTests
{
    private const string Arn = "arn:aws:sqs:eu-central-1:123456789012:";

    [Theory]
    [InlineData("DelaySeconds", 0, 900)]
    [InlineData("MaximumMessageSize", 1024, 1_048_576)]
    [InlineData("MessageRetentionPeriod", 60, 1_209_600)]
    [InlineData("ReceiveMessageWaitTimeSeconds", 0, 20)]
    [InlineData("VisibilityTimeout", 0, 43_200)]
    [InlineData("KmsDataKeyReusePeriodSeconds", 60, 86_400)]
    public async Task NumbersMayBeAnythingWithinTheirBounds(string name, int least, int most)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        foreach (var value in (int[])[least, most])
        {
            await SetAsync(sqs, url, (name, $"{value}"));
            Assert.Equal($"{value}", (await sqs.AttributesAsync(url, name))[name]);
        }
        foreach (var value in (string[])[$"{least - 1}", $"{most + 1}", "", "ten", "1.5"])
        {
            var refused = await Assert.ThrowsAsync<InvalidAttributeValue>(() => SetAsync(sqs, url, (name, value)));
            Assert.Equal($"Invalid value for the parameter {name}.", refused.Message);
        }
    }

    [Theory]
    [InlineData("Nonsense", "1")]
    [InlineData("QueueArn", Arn + "x")]
    [InlineData("CreatedTimestamp", "1")]
    [InlineData("ApproximateNumberOfMessages", "0")]
    [InlineData("FifoQueue", "true")]
    [InlineData("FifoQueue", "false")]
    [InlineData("ContentBasedDeduplication", "true")]
    [InlineData("DeduplicationScope", "queue")]
    [InlineData("FifoThroughputLimit", "perQueue")]
    public async Task AttributesThatAStandardQueueDoesNotHaveAreUnknownToIt(string name, string value)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var refused = await Assert.ThrowsAsync<InvalidAttributeName>(() => SetAsync(sqs, url, (name, value)));
        Assert.Equal($"Unknown Attribute {name}.", refused.Message);
    }

    [Fact]
    public async Task AFifoQueueStaysOneAndItsThroughputSettingsGoTogether()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true"));
        await SetAsync(sqs, url, ("FifoQueue", "true"), ("ContentBasedDeduplication", "true"));
        var refused = await Assert.ThrowsAsync<InvalidAttributeValue>(() => SetAsync(sqs, url, ("FifoQueue", "false")));
        Assert.Equal("Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.", refused.Message);
        await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, url, ("FifoThroughputLimit", "perMessageGroupId")));
        await SetAsync(sqs, url, ("FifoThroughputLimit", "perMessageGroupId"), ("DeduplicationScope", "messageGroup"));
        await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, url, ("DeduplicationScope", "queue")));
        await Assert.ThrowsAsync<InvalidAttributeValue>(() => SetAsync(sqs, url, ("DeduplicationScope", "group")));
        var all = await sqs.AttributesAsync(url, "All");
        Assert.Equal(("true", "messageGroup", "perMessageGroupId"), (all["ContentBasedDeduplication"], all["DeduplicationScope"], all["FifoThroughputLimit"]));
    }

    [Fact]
    public async Task ARedrivePolicyHasOneSpelling()
    {
        await using var sqs = await SqsFixture.StartAsync();
        await sqs.CreateAsync("dead");
        var url = await sqs.CreateAsync("orders", ("RedrivePolicy", $$"""{ "maxReceiveCount" : "3", "deadLetterTargetArn": "{{Arn}}dead" }"""));
        Assert.Equal($$"""{"deadLetterTargetArn":"{{Arn}}dead","maxReceiveCount":3}""", (await sqs.AttributesAsync(url, "RedrivePolicy"))["RedrivePolicy"]);
        Assert.Equal(url, await sqs.CreateAsync("orders", ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{Arn}}dead","maxReceiveCount":3}""")));
        var other = await Assert.ThrowsAsync<QueueNameExists>(
            () => sqs.CreateAsync("orders", ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{Arn}}dead","maxReceiveCount":4}""")));
        Assert.Equal("A queue already exists with the same name and a different value for attribute RedrivePolicy", other.Message);
        var own = await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, url, ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{Arn}}orders","maxReceiveCount":4}""")));
        Assert.Contains("its own dead-letter queue", own.Message);
        await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, url, ("RedrivePolicy", """{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":4}""")));
        await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, url, ("RedrivePolicy", """{"deadLetterTargetArn":"arn:aws:sns:eu-central-1:123456789012:dead","maxReceiveCount":4}""")));
    }

    [Theory]
    [InlineData("""{"redrivePermission":"byQueue"}""")]
    [InlineData("""{"redrivePermission":"byQueue","sourceQueueArns":["orders"]}""")]
    [InlineData("""{"redrivePermission":"denyAll","sourceQueueArns":["arn:aws:sqs:eu-central-1:123456789012:orders"]}""")]
    [InlineData("""{"redrivePermission":"some"}""")]
    [InlineData("""{"sourceQueueArns":["arn:aws:sqs:eu-central-1:123456789012:orders"]}""")]
    [InlineData("[]")]
    [InlineData("no json")]
    [InlineData("""{"redrivePermission":"denyAll","redrivePermission":"denyAll"}""")]
    public async Task RedriveAllowPoliciesAreChecked(string policy)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("dead");
        var refused = await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, url, ("RedriveAllowPolicy", policy)));
        Assert.Equal("InvalidParameterValue", refused.QueryCode);
    }

    [Fact]
    public async Task ARedriveAllowPolicyDecidesWhoMayUseTheQueue()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var eleven = string.Join(',', Enumerable.Range(0, 11).Select(i => $"\"{Arn}q{i}\""));
        var dead = await sqs.CreateAsync("dead");
        await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, dead, ("RedriveAllowPolicy", $$"""{"redrivePermission":"byQueue","sourceQueueArns":[{{eleven}}]}""")));
        await SetAsync(sqs, dead, ("RedriveAllowPolicy", $$"""{ "redrivePermission":"byQueue", "sourceQueueArns":["{{Arn}}friend"]}"""));
        Assert.Equal(
            $$"""{"redrivePermission":"byQueue","sourceQueueArns":["{{Arn}}friend"]}""", (await sqs.AttributesAsync(dead, "All"))["RedriveAllowPolicy"]);
        var policy = ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{Arn}}dead","maxReceiveCount":1}""");
        await sqs.CreateAsync("friend", policy);
        var stranger = await sqs.CreateAsync("stranger");
        Assert.Contains("permission", (await Assert.ThrowsAsync<AwsError>(() => SetAsync(sqs, stranger, policy))).Message);
        await SetAsync(sqs, dead, ("RedriveAllowPolicy", """{"redrivePermission":"allowAll"}"""));
        await SetAsync(sqs, stranger, policy);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"Statement":[],"Statement":[]}""")]
    public async Task APolicyMustBeJson(string policy)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var refused = await Assert.ThrowsAsync<InvalidAttributeValue>(() => SetAsync(sqs, url, ("Policy", policy)));
        Assert.Equal("Invalid value for the parameter Policy.", refused.Message);
    }

    [Fact]
    public async Task PermissionsAreWrittenAsAwsWritesThem()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        Assert.EndsWith("Reason: can't find label.", (await Assert.ThrowsAsync<AwsError>(() => RemoveAsync("l"))).Message);
        await AddAsync("l", ["*"]);
        var policy = JsonNode.Parse((await sqs.AttributesAsync(url, "Policy"))["Policy"])!;
        Assert.Equal("2008-10-17", (string?)policy["Version"]);
        Assert.Equal($"{Arn}orders/SQSDefaultPolicy", (string?)policy["Id"]);
        Assert.Equal(
            $$"""{"Sid":"l","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"SQS:*","Resource":"{{Arn}}orders"}""",
            policy["Statement"]![0]!.ToJsonString());
        Assert.EndsWith("Reason: Already exists.", (await Assert.ThrowsAsync<AwsError>(() => AddAsync("l", ["SendMessage"]))).Message);
        Assert.EndsWith("can't find label on existing policy.", (await Assert.ThrowsAsync<AwsError>(() => RemoveAsync("m"))).Message);
        Assert.Contains("list of valid actions", (await Assert.ThrowsAsync<AwsError>(() => AddAsync("m", ["Send"]))).Message);
        await Assert.ThrowsAsync<AwsError>(() => AddAsync("with space", ["SendMessage"]));
        await Assert.ThrowsAsync<AwsError>(() => AddAsync(new string('l', 81), ["SendMessage"]));
        var many = await Assert.ThrowsAsync<OverLimit>(() => AddAsync("m", [.. Enumerable.Repeat("SendMessage", 8)]));
        Assert.Equal("8 Actions were found, maximum allowed is 7.", many.Message);

        Task AddAsync(string label, List<string> actions) => sqs.Do(
            SqsOperations.AddPermission, new AddPermissionRequest { QueueUrl = url, Label = label, AWSAccountIds = ["111122223333"], Actions = actions });
        Task RemoveAsync(string label) => sqs.Do(SqsOperations.RemovePermission, new RemovePermissionRequest { QueueUrl = url, Label = label });
    }

    [Fact]
    public async Task TagsFollowTheRules()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await TagAsync([.. Enumerable.Range(0, 50).Select(i => ($"t{i}", "v"))]);
        await TagAsync(("t1", ""), ("t2", "changed: a/b=c+d-e@f_g.h é"));
        Assert.Equal("Too many tags added for queue orders.", (await Assert.ThrowsAsync<AwsError>(() => TagAsync(("t50", "v")))).Message);
        foreach (var (key, value) in ((string, string)[])[("", "v"), (new string('k', 129), "v"), ("t1", new string('v', 257)), ("aws:t", "v"), ("AWS:t", "v"), ("t1", "a;b"), ("t#", "v")])
        {
            Assert.Equal("InvalidParameterValue", (await Assert.ThrowsAsync<AwsError>(() => TagAsync((key, value)))).QueryCode);
        }
        Assert.Equal("MissingParameter", (await Assert.ThrowsAsync<AwsError>(() => TagAsync())).QueryCode);
        var untag = new UntagQueueRequest { QueueUrl = url, TagKeys = [] };
        Assert.Equal("MissingParameter", (await Assert.ThrowsAsync<AwsError>(() => sqs.Do(SqsOperations.UntagQueue, untag))).QueryCode);
        var tags = (await sqs.Do(SqsOperations.ListQueueTags, new ListQueueTagsRequest { QueueUrl = url })).Tags!;
        Assert.Equal((50, "", "changed: a/b=c+d-e@f_g.h é"), (tags.Count, tags["t1"], tags["t2"]));

        Task TagAsync(params (string Key, string Value)[] tags) =>
            sqs.Do(SqsOperations.TagQueue, new TagQueueRequest { QueueUrl = url, Tags = tags.ToDictionary(t => t.Key, t => t.Value) });
    }

    [Fact]
    public async Task SourcesOfADeadLetterQueueComeInPages()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var dead = await sqs.CreateAsync("dead");
        foreach (var name in (string[])["a", "b", "c"])
        {
            await sqs.CreateAsync(name, ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{Arn}}dead","maxReceiveCount":1}"""));
        }
        var first = await ListAsync(2, null);
        Assert.Equal((2, true), (first.QueueUrls!.Count, first.NextToken is not null));
        var rest = await ListAsync(2, first.NextToken);
        Assert.Equal(("c", null), (rest.QueueUrls!.Single()[^1..], rest.NextToken));
        await Assert.ThrowsAsync<AwsError>(() => ListAsync(0, null));
        await Assert.ThrowsAsync<AwsError>(() => ListAsync(1001, null));
        await Assert.ThrowsAsync<AwsError>(() => ListAsync(2, "no token!"));

        Task<ListDeadLetterSourceQueuesResult> ListAsync(int most, string? token) => sqs.Do(
            SqsOperations.ListDeadLetterSourceQueues, new ListDeadLetterSourceQueuesRequest { QueueUrl = dead, MaxResults = most, NextToken = token });
    }

    private static async Task SetAsync(SqsFixture sqs, string url, params (string Name, string Value)[] attributes) =>
        await sqs.Do(SqsOperations.SetQueueAttributes, new SetQueueAttributesRequest
        {
            QueueUrl = url, Attributes = attributes.ToDictionary(a => a.Name, a => a.Value),
        });
}
