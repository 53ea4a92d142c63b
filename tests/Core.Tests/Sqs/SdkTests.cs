using System.Net.Http.Headers;
using System.Text;
using Amazon.Runtime;
using Amazon.SQS;
using Amazon.SQS.Model;
using Longspan.Server;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>The official SDK with its normal settings against a running server: it checks every digest by itself.</summary>
public sealed class SdkTests : IAsyncLifetime, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-sdk-");
    private LongspanServer _server = null!;
    private AmazonSQSClient _sqs = null!;
    private AwsCredentials _keys = null!;

    public async Task InitializeAsync()
    {
        _server = await LongspanServer.StartAsync(new ServerSettings { DataFolder = _folder.FullName, Port = 0 }, default);
        var profile = File.ReadLines(_server.CredentialsFile).Select(l => l.Split('=', 2)).Where(p => p.Length == 2)
            .ToDictionary(p => p[0].Trim(), p => p[1].Trim());
        _keys = new AwsCredentials(profile["aws_access_key_id"], profile["aws_secret_access_key"]);
        _sqs = new AmazonSQSClient(
            new BasicAWSCredentials(_keys.AccessKeyId, _keys.SecretAccessKey),
            new AmazonSQSConfig { ServiceURL = _server.Endpoint.ToString(), AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    public void Dispose() => _sqs.Dispose();

    [Fact]
    public async Task AProduceConsumeRound()
    {
        var url = (await _sqs.CreateQueueAsync("orders")).QueueUrl;
        var polls = Enumerable.Range(0, 3).Select(_ => _sqs.ReceiveMessageAsync(new ReceiveMessageRequest
        {
            QueueUrl = url, WaitTimeSeconds = 20, MaxNumberOfMessages = 10, MessageAttributeNames = ["All"], MessageSystemAttributeNames = ["All"],
        })).ToList();
        var sent = await _sqs.SendMessageAsync(new SendMessageRequest
        {
            QueueUrl = url,
            MessageBody = "an order, mit Umlauten äöü and 😀",
            MessageAttributes = new()
            {
                ["kind"] = new() { DataType = "String", StringValue = "order" },
                ["blob"] = new() { DataType = "Binary", BinaryValue = new MemoryStream([1, 2, 3]) },
                ["count"] = new() { DataType = "Number", StringValue = "12.5" },
            },
        });
        var first = await await Task.WhenAny(polls);
        var message = Assert.Single(first.Messages);
        Assert.Equal(sent.MessageId, message.MessageId);
        Assert.Equal("an order, mit Umlauten äöü and 😀", message.Body);
        Assert.Equal(3, message.MessageAttributes.Count);
        await _sqs.ChangeMessageVisibilityAsync(url, message.ReceiptHandle, 60);
        await _sqs.DeleteMessageAsync(url, message.ReceiptHandle);
        await _sqs.DeleteQueueAsync(url);
        foreach (var poll in polls)
        {
            if (await Record.ExceptionAsync(() => poll) is { } ended)
            {
                Assert.IsType<QueueDoesNotExistException>(ended);
            }
        }
    }

    [Fact]
    public async Task BatchesFifoAndTypedErrors()
    {
        var url = (await _sqs.CreateQueueAsync(new CreateQueueRequest
        {
            QueueName = "orders.fifo", Attributes = new() { ["FifoQueue"] = "true", ["ContentBasedDeduplication"] = "true" },
        })).QueueUrl;
        var batch = await _sqs.SendMessageBatchAsync(url, [.. Enumerable.Range(0, 10).Select(i => new SendMessageBatchRequestEntry($"e{i}", $"m{i}") { MessageGroupId = "g" })]);
        Assert.Equal(10, batch.Successful.Count);
        Assert.True(batch.Failed is null or { Count: 0 });
        var got = await _sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = 10 });
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"m{i}"), got.Messages.Select(m => m.Body));
        var deleted = await _sqs.DeleteMessageBatchAsync(url, [.. got.Messages.Select((m, i) => new DeleteMessageBatchRequestEntry($"e{i}", m.ReceiptHandle))]);
        Assert.Equal(10, deleted.Successful.Count);

        var missing = await Assert.ThrowsAsync<QueueDoesNotExistException>(() => _sqs.GetQueueUrlAsync("nothing"));
        Assert.Equal("AWS.SimpleQueueService.NonExistentQueue", missing.ErrorCode);
        await Assert.ThrowsAsync<ReceiptHandleIsInvalidException>(() => _sqs.DeleteMessageAsync(url, "junk"));
        var invalid = await Assert.ThrowsAsync<AmazonSQSException>(() => _sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = 11 }));
        Assert.Equal("InvalidParameterValue", invalid.ErrorCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/123456789012/orders")]
    public async Task TheQueryProtocolWorksOnBothPaths(string path)
    {
        var url = (await _sqs.CreateQueueAsync("orders")).QueueUrl;
        var named = path == "/" ? $"&QueueUrl={Uri.EscapeDataString(url)}" : "";
        var sent = await QueryAsync(path, $"Action=SendMessage&Version=2012-11-05&MessageBody=hello{named}");
        Assert.Contains("<MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592</MD5OfMessageBody>", sent);
        var received = await QueryAsync(path, $"Action=ReceiveMessage&Version=2012-11-05&AttributeName.1=All{named}");
        Assert.Contains("<Body>hello</Body>", received);
        Assert.Contains("<Name>ApproximateReceiveCount</Name><Value>1</Value>", received);
        var refused = await QueryAsync("/", "Action=GetQueueUrl&Version=2012-11-05&QueueName=nothing");
        Assert.Contains("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>", refused);
    }

    private async Task<string> QueryAsync(string path, string form)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Endpoint, path));
        var body = Encoding.UTF8.GetBytes(form);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        SigV4Signer.Sign(request, body, _keys, "us-east-1", "sqs", TimeProvider.System.GetUtcNow());
        using var answer = await http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
