using System.Text.RegularExpressions;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>All operations in the Query protocol, in all places that a queue may be named, and the bytes of both protocols' answers.</summary>
public sealed partial class WireFormTests(SqsServer server) : IClassFixture<SqsServer>
{
    private const string Account = "123456789012";

    [Fact]
    public async Task EveryOperationIsUnderstoodInTheQueryProtocol()
    {
        var dead = await CreateAsync("every-dead");
        var deadArn = $"arn:aws:sqs:us-east-1:{Account}:every-dead";
        var policy = Uri.EscapeDataString($$"""{"deadLetterTargetArn":"{{deadArn}}","maxReceiveCount":5}""");
        var created = await OkAsync(
            $"Action=CreateQueue&QueueName=every&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=40&Attribute.2.Name=RedrivePolicy&Attribute.2.Value={policy}"
            + "&Tag.1.Key=team&Tag.1.Value=a");
        var url = Element(created, "QueueUrl");
        var named = $"&QueueUrl={Uri.EscapeDataString(url)}";
        Assert.Equal(url, Element(await OkAsync("Action=GetQueueUrl&QueueName=every"), "QueueUrl"));
        Assert.Contains($"<QueueUrl>{url}</QueueUrl>", await OkAsync("Action=ListQueues&QueueNamePrefix=every&MaxResults=2"));
        Assert.Contains($"<QueueUrl>{url}</QueueUrl>", await OkAsync($"Action=ListDeadLetterSourceQueues&QueueUrl={Uri.EscapeDataString(dead)}"));
        await OkAsync("Action=SetQueueAttributes&Attribute.Name=DelaySeconds&Attribute.Value=0" + named);
        var attributes = await OkAsync("Action=GetQueueAttributes&AttributeName.1=VisibilityTimeout&AttributeName.2=QueueArn" + named);
        Assert.Contains("<Attribute><Name>VisibilityTimeout</Name><Value>40</Value></Attribute>", attributes);
        await OkAsync("Action=TagQueue&Tag.1.Key=stage&Tag.1.Value=test&Tag.2.Key=x&Tag.2.Value=y" + named);
        await OkAsync("Action=UntagQueue&TagKey.1=x&TagKey.2=team" + named);
        Assert.Contains("<Tag><Key>stage</Key><Value>test</Value></Tag></ListQueueTagsResult>", await OkAsync("Action=ListQueueTags" + named));
        await OkAsync($"Action=AddPermission&Label=l&AWSAccountId.1={Account}&ActionName.1=SendMessage&ActionName.2=ReceiveMessage" + named);
        await OkAsync("Action=RemovePermission&Label=l" + named);

        var sent = await OkAsync(
            "Action=SendMessage&MessageBody=a%20body%0D%0A%3Cb%3E&DelaySeconds=0&MessageAttribute.1.Name=kind&MessageAttribute.1.Value.DataType=String"
            + "&MessageAttribute.1.Value.StringValue=order&MessageAttribute.2.Name=blob&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=AQID"
            + "&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.DataType=String&MessageSystemAttribute.1.Value.StringValue=Root%3D1" + named);
        Assert.Equal(32, Element(sent, "MD5OfMessageSystemAttributes").Length);
        var received = await OkAsync(
            "Action=ReceiveMessage&MaxNumberOfMessages=10&MessageAttributeName.1=All&MessageSystemAttributeName.1=AWSTraceHeader&AttributeName.1=SenderId&WaitTimeSeconds=1" + named);
        Assert.Contains("<Body>a body&#xD;\n&lt;b&gt;</Body>", received);
        Assert.Contains("<Attribute><Name>AWSTraceHeader</Name><Value>Root=1</Value></Attribute>", received);
        Assert.Contains("<BinaryValue>AQID</BinaryValue>", received);
        Assert.Contains("<DataType>Binary</DataType>", received);
        Assert.Equal(Element(sent, "MD5OfMessageAttributes"), Element(received, "MD5OfMessageAttributes"));
        var handle = "&ReceiptHandle=" + Uri.EscapeDataString(Element(received, "ReceiptHandle"));
        await OkAsync("Action=ChangeMessageVisibility&VisibilityTimeout=30" + handle + named);
        await OkAsync("Action=DeleteMessage" + handle + named);

        var batch = await OkAsync(
            "Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=1"
            + "&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=2&SendMessageBatchRequestEntry.2.DelaySeconds=901" + named);
        Assert.Equal("a", Element(batch, "Id"));
        Assert.Matches("<BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault><Code>InvalidParameterValue</Code><Message>[^<]+</Message>", batch);
        var one = Uri.EscapeDataString(Element(await OkAsync("Action=ReceiveMessage&WaitTimeSeconds=1" + named), "ReceiptHandle"));
        Assert.Contains("<Id>v</Id>", await OkAsync(
            $"Action=ChangeMessageVisibilityBatch&ChangeMessageVisibilityBatchRequestEntry.1.Id=v&ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle={one}"
            + "&ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=9" + named));
        Assert.Contains("<Id>d</Id>", await OkAsync(
            $"Action=DeleteMessageBatch&DeleteMessageBatchRequestEntry.1.Id=d&DeleteMessageBatchRequestEntry.1.ReceiptHandle={one}" + named));
        await OkAsync("Action=PurgeQueue" + named);

        var source = "&SourceArn=" + Uri.EscapeDataString(deadArn);
        var task = Element(await OkAsync("Action=StartMessageMoveTask&MaxNumberOfMessagesPerSecond=1" + source), "TaskHandle");
        Assert.Contains($"<SourceArn>{deadArn}</SourceArn>", await OkAsync("Action=ListMessageMoveTasks&MaxResults=1" + source));
        var cancelled = await server.FormAsync($"Version=2012-11-05&Action=CancelMessageMoveTask&TaskHandle={Uri.EscapeDataString(task)}");
        Assert.Contains(cancelled.Status, (int[])[200, 400]);
        await OkAsync("Action=DeleteQueue" + named);
    }

    [Fact]
    public async Task AQueueIsNamedByParameterByPathAndByEveryHostItEverHad()
    {
        var url = await CreateAsync("named");
        var path = new Uri(url).AbsolutePath;
        Assert.Equal($"/{Account}/named", path);
        foreach (var form in (string[])[
            url, $"https://sqs.us-east-1.amazonaws.com/{Account}/named", $"https://queue.amazonaws.com/{Account}/named",
            $"https://us-east-1.queue.amazonaws.com/{Account}/named", $"http://localhost:4566/queue/us-east-1/{Account}/named", $"/{Account}/named"])
        {
            await OkAsync("Action=SendMessage&MessageBody=x&QueueUrl=" + Uri.EscapeDataString(form));
            var json = await server.JsonAsync("SendMessage", $$"""{"QueueUrl":"{{form}}","MessageBody":"x"}""", path);
            Assert.True(json.Status == 200, json.Body);
        }
        await OkAsync("Action=SendMessage&MessageBody=x", path);
        await OkAsync("Action=SendMessage&MessageBody=x", $"/queue/us-east-1{path}");
        var got = await server.GetAsync($"{path}?Action=SendMessage&Version=2012-11-05&MessageBody=by%20GET");
        Assert.True(got.Status == 200, got.Body);
        var listed = await server.GetAsync("/?Action=ListQueues&Version=2012-11-05&QueueNamePrefix=named");
        Assert.Contains($"<QueueUrl>{url}</QueueUrl>", listed.Body);
        var depth = await OkAsync("Action=GetQueueAttributes&AttributeName=ApproximateNumberOfMessages", path);
        Assert.Equal("15", Element(depth, "Value"));
        // Clients of older versions of the API, and those that name none, get the same answers.
        Assert.Equal(200, (await server.FormAsync("Action=ListQueues&Version=2011-10-01")).Status);
        Assert.Equal(200, (await server.FormAsync("Action=ListQueues")).Status);
    }

    [Fact]
    public async Task AMissingQueueIsToldInTheWordsOfEachProtocol()
    {
        var json = await server.JsonAsync("PurgeQueue", $$"""{"QueueUrl":"{{server.Endpoint}}{{Account}}/nothing"}""");
        Assert.Equal(
            (400, """{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}""", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
            (json.Status, json.Body, json.QueryError));
        var query = await server.FormAsync("Action=PurgeQueue&Version=2012-11-05", $"/{Account}/nothing");
        Assert.Equal(400, query.Status);
        Assert.Contains(
            "<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not exist for this wsdl version.</Message><Detail></Detail></Error>",
            query.Body);
    }

    [Fact]
    public async Task MissingParametersAreNamed()
    {
        var json = await server.JsonAsync("SendMessage", $$"""{"QueueUrl":"{{server.Endpoint}}{{Account}}/x"}""");
        Assert.Equal((400, "MissingParameter;Sender"), (json.Status, json.QueryError));
        Assert.Contains("\"com.amazon.coral.service#MissingRequiredParameterException\",\"message\":\"The request must contain the parameter MessageBody.\"", json.Body);
        var query = await server.FormAsync("Action=SendMessage&Version=2012-11-05", $"/{Account}/x");
        Assert.Contains("<Code>MissingParameter</Code><Message>The request must contain the parameter MessageBody.</Message>", query.Body);
        // A form cannot carry an empty list, so one without entries is an empty batch.
        foreach (var action in (string[])["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"])
        {
            var batch = await server.FormAsync($"Action={action}&Version=2012-11-05", $"/{Account}/x");
            Assert.Contains(
                $"<Code>AWS.SimpleQueueService.EmptyBatchRequest</Code><Message>There should be at least one {action}RequestEntry in the request.</Message>", batch.Body);
        }
    }

    [Fact]
    public async Task AnEmptyListOfABatchIsLeftOutAndAnEmptyListOfQueuesIsThere()
    {
        var url = await CreateAsync("empty");
        var sent = await server.JsonAsync("SendMessageBatch", $$"""{"QueueUrl":"{{url}}","Entries":[{"Id":"a","MessageBody":"x"}]}""");
        Assert.StartsWith("{\"Successful\":[{", sent.Body);
        Assert.DoesNotContain("Failed", sent.Body);
        var failed = await server.JsonAsync("DeleteMessageBatch", $$"""{"QueueUrl":"{{url}}","Entries":[{"Id":"a","ReceiptHandle":"x"}]}""");
        Assert.StartsWith("{\"Failed\":[{", failed.Body);
        var changed = await server.JsonAsync("ChangeMessageVisibilityBatch", $$"""{"QueueUrl":"{{url}}","Entries":[{"Id":"a","ReceiptHandle":"x","VisibilityTimeout":1}]}""");
        Assert.StartsWith("{\"Failed\":[{", changed.Body);
        Assert.Equal("""{"queueUrls":[]}""", (await server.JsonAsync("ListDeadLetterSourceQueues", $$"""{"QueueUrl":"{{url}}"}""")).Body);
    }

    private async Task<string> CreateAsync(string name) => Element(await OkAsync($"Action=CreateQueue&QueueName={name}"), "QueueUrl");

    private async Task<string> OkAsync(string form, string path = "/")
    {
        var answer = await server.FormAsync("Version=2012-11-05&" + form, path);
        Assert.True(answer.Status == 200, $"{form} on {path}: {answer.Status} {answer.Body}");
        Assert.StartsWith($"<{ActionName().Match(form).Groups[1].Value}Response xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">", answer.Body);
        Assert.Matches("<ResponseMetadata><RequestId>[0-9a-f-]{36}</RequestId></ResponseMetadata>", answer.Body);
        return answer.Body;
    }

    private static string Element(string xml, string name) =>
        Regex.Match(xml, $"<{name}>([^<]*)</{name}>") is { Success: true } match ? match.Groups[1].Value : throw new InvalidDataException($"no {name} in {xml}");

    [GeneratedRegex("Action=([A-Za-z]+)")]
    private static partial Regex ActionName();
}
