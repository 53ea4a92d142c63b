using System.Text.Json.Nodes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Amazon's command line, unmodified, on queues and logs: the old versions speak the Query protocol to queues, the new ones JSON.</summary>
public sealed class AwsCliMessagingTests(LiveServer server) : IClassFixture<LiveServer>
{
    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    private AwsCli Cli(string program) => new(program, server.Endpoint, server.Keys);

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Sqs_carries_a_message_with_its_attributes(string program)
    {
        var cli = Cli(program);
        var url = (string)(await cli.JsonAsync("sqs", "create-queue", "--queue-name", _own, "--attributes", "VisibilityTimeout=45"))["QueueUrl"]!;
        Assert.Equal($"{server.Endpoint}{LiveServer.Account}/{_own}", url);
        Assert.Equal(url, (string?)(await cli.JsonAsync("sqs", "get-queue-url", "--queue-name", _own))["QueueUrl"]);
        const string Body = "hello <& \" 世界 \U0001f680\nsecond line";
        var sent = await cli.JsonAsync(
            "sqs", "send-message", "--queue-url", url, "--message-body", Body,
            "--message-attributes", """{"kind":{"DataType":"String","StringValue":"greeting"},"weight":{"DataType":"Number","StringValue":"7"}}""");
        var received = (await cli.JsonAsync(
            "sqs", "receive-message", "--queue-url", url, "--message-attribute-names", "All", "--attribute-names", "All", "--wait-time-seconds", "1"))["Messages"]!.AsArray().Single()!;
        Assert.Equal((Body, (string?)sent["MessageId"], (string?)sent["MD5OfMessageBody"]), ((string?)received["Body"], (string?)received["MessageId"], (string?)received["MD5OfBody"]));
        Assert.Equal("greeting", (string?)received["MessageAttributes"]!["kind"]!["StringValue"]);
        Assert.Equal("1", (string?)received["Attributes"]!["ApproximateReceiveCount"]);
        var attributes = (await cli.JsonAsync("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All"))["Attributes"]!;
        Assert.Equal(("45", "0", "1"), ((string?)attributes["VisibilityTimeout"], (string?)attributes["ApproximateNumberOfMessages"], (string?)attributes["ApproximateNumberOfMessagesNotVisible"]));
        await cli.TextAsync("sqs", "delete-message", "--queue-url", url, "--receipt-handle", (string)received["ReceiptHandle"]!);
        attributes = (await cli.JsonAsync("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "ApproximateNumberOfMessagesNotVisible"))["Attributes"]!;
        Assert.Equal("0", (string?)attributes["ApproximateNumberOfMessagesNotVisible"]);
        await cli.TextAsync("sqs", "delete-queue", "--queue-url", url);
        Assert.Contains("NonExistentQueue", await cli.RefusalAsync("sqs", "get-queue-url", "--queue-name", _own), StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Sqs_takes_batches_and_tells_each_entry(string program)
    {
        var cli = Cli(program);
        var url = (string)(await cli.JsonAsync("sqs", "create-queue", "--queue-name", _own))["QueueUrl"]!;
        var sent = await cli.JsonAsync(
            "sqs", "send-message-batch", "--queue-url", url, "--entries",
            """[{"Id":"a","MessageBody":"one"},{"Id":"b","MessageBody":"two"},{"Id":"c","MessageBody":"late","DelaySeconds":9999}]""");
        Assert.Equal(["a", "b"], sent["Successful"]!.AsArray().Select(entry => (string)entry!["Id"]!).Order());
        Assert.Equal(("c", true), ((string?)sent["Failed"]![0]!["Id"], (bool)sent["Failed"]![0]!["SenderFault"]!));
        var handles = (await server.Client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = url, MaxNumberOfMessages = 10 }, CancellationToken.None)).Messages!.Select(m => m.ReceiptHandle!).ToArray();
        Assert.Equal(2, handles.Length);
        var hidden = new JsonArray([.. handles.Select((handle, i) => new JsonObject { ["Id"] = $"{i}", ["ReceiptHandle"] = handle, ["VisibilityTimeout"] = 0 })]);
        Assert.Equal(2, (await cli.JsonAsync("sqs", "change-message-visibility-batch", "--queue-url", url, "--entries", hidden.ToJsonString()))["Successful"]!.AsArray().Count);
        var again = (await cli.JsonAsync("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10"))["Messages"]!.AsArray();
        var deleted = new JsonArray([.. again.Select((message, i) => new JsonObject { ["Id"] = $"{i}", ["ReceiptHandle"] = (string)message!["ReceiptHandle"]! })]);
        Assert.Equal(2, (await cli.JsonAsync("sqs", "delete-message-batch", "--queue-url", url, "--entries", deleted.ToJsonString()))["Successful"]!.AsArray().Count);
        Assert.Contains((await cli.JsonAsync("sqs", "list-queues", "--queue-name-prefix", _own))["QueueUrls"]!.AsArray(), found => (string?)found == url);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Logs_are_put_read_and_searched(string program)
    {
        var cli = Cli(program);
        await cli.TextAsync("logs", "create-log-group", "--log-group-name", $"/shop/{_own}");
        await cli.TextAsync("logs", "create-log-stream", "--log-group-name", $"/shop/{_own}", "--log-stream-name", "one");
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var put = await cli.JsonAsync(
            "logs", "put-log-events", "--log-group-name", $"/shop/{_own}", "--log-stream-name", "one", "--log-events",
            $$"""[{"timestamp":{{now - 2}},"message":"order 1 placed"},{"timestamp":{{now - 1}},"message":"ERROR no stock for order 2"},{"timestamp":{{now}},"message":"order 3 placed"}]""");
        Assert.NotNull(put["nextSequenceToken"]);
        var read = await cli.JsonAsync("logs", "get-log-events", "--log-group-name", $"/shop/{_own}", "--log-stream-name", "one", "--start-from-head");
        Assert.Equal(["order 1 placed", "ERROR no stock for order 2", "order 3 placed"], read["events"]!.AsArray().Select(e => (string)e!["message"]!));
        var found = await cli.JsonAsync("logs", "filter-log-events", "--log-group-name", $"/shop/{_own}", "--filter-pattern", "ERROR");
        Assert.Equal("ERROR no stock for order 2", (string?)found["events"]!.AsArray().Single()!["message"]);
        var groups = await cli.JsonAsync("logs", "describe-log-groups", "--log-group-name-prefix", $"/shop/{_own}");
        Assert.Equal($"arn:aws:logs:us-east-1:{LiveServer.Account}:log-group:/shop/{_own}:*", (string?)groups["logGroups"]![0]!["arn"]);
        var streams = await cli.JsonAsync("logs", "describe-log-streams", "--log-group-name", $"/shop/{_own}");
        Assert.Equal(now, (long)streams["logStreams"]![0]!["lastEventTimestamp"]!);
        Assert.Contains("ResourceAlreadyExistsException", await cli.RefusalAsync("logs", "create-log-group", "--log-group-name", $"/shop/{_own}"), StringComparison.Ordinal);
        await cli.TextAsync("logs", "delete-log-group", "--log-group-name", $"/shop/{_own}");
        Assert.Contains("ResourceNotFoundException", await cli.RefusalAsync("logs", "describe-log-streams", "--log-group-name", $"/shop/{_own}"), StringComparison.Ordinal);
    }
}
