using Amazon.Runtime;
using Amazon.SQS;
using Longspan.Api.Sqs;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Sdk = Amazon.SQS.Model;

namespace Longspan.Load.Peers;

/// <summary>Our server, by signed HTTP: with the client of our own programs, or, at the server of such a peer, with the AWS SDK that most users have.</summary>
internal sealed class LongspanPeer(LongspanPeer? host = null) : IPeer
{
    private const string Region = "us-east-1";
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1000 }) { Timeout = TimeSpan.FromMinutes(2) };
    private AwsClient _client = null!;
    private AmazonSQSClient? _sdk;
    private AwsCredentials _keys = null!;
    private Uri _endpoint = null!;
    private ServerProcess? _own;

    public string Name => host is not null ? "Longspan, AWSSDK.SQS" : "Longspan";
    public string Key => host is not null ? "sdk" : "longspan";
    public string Way => "signed HTTP/1.1, SendMessageBatch, ReceiveMessage, DeleteMessageBatch";
    public string Promise => "a send is answered after the sync of its group; a delete is answered after the sync of its group";
    public string Versions => $"of this commit; {(host is not null ? Tool.ClientVersion(typeof(AmazonSQSClient)) : "Longspan.Wire's client")}";
    public string? Missing => null;
    public ServerProcess Server => host?.Server ?? _own!;

    public async Task StartAsync(string folder)
    {
        if (host is not null)
        {
            (_client, _keys, _endpoint) = (host._client, host._keys, host._endpoint);
            _sdk = new AmazonSQSClient(
                new BasicAWSCredentials(_keys.AccessKeyId, _keys.SecretAccessKey),
                new AmazonSQSConfig { ServiceURL = _endpoint.ToString(), AuthenticationRegion = Region });
            return;
        }
        Uri? endpoint = null;
        _own = await ServerProcess.StartAsync(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "longspan.dll"), "server", "--data", Path.Combine(folder, "data"), "--port", "0"],
            line =>
            {
                if (line?.StartsWith("Longspan is ready on ", StringComparison.Ordinal) == true)
                {
                    endpoint = new Uri(line.Split(' ')[4]);
                }
                return new(endpoint is not null);
            });
        (_endpoint, _keys) = (endpoint!, HttpLoad.ReadKeys(Path.Combine(folder, "data", "credentials")));
        _client = new AwsClient(_http, _endpoint, Region, _ => ValueTask.FromResult(_keys), TimeProvider.System);
    }

    public Task CreateQueueAsync(string queue) => _client.CallAsync(SqsOperations.CreateQueue, new CreateQueueRequest { QueueName = queue }, default);

    public async Task DeleteQueueAsync(string queue) =>
        await _client.CallAsync(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = await UrlAsync(queue) }, default);

    public async Task<IPeerConnection> ConnectAsync(string queue, bool consumes)
    {
        var url = await UrlAsync(queue);
        return _sdk is null ? new SignedCalls(_client, url) : new SdkCalls(_sdk, url);
    }

    public ValueTask DisposeAsync()
    {
        _own?.Dispose();
        _sdk?.Dispose();
        _http.Dispose();
        return default;
    }

    private async Task<string> UrlAsync(string queue) =>
        (await _client.CallAsync(SqsOperations.GetQueueUrl, new GetQueueUrlRequest { QueueName = queue }, default)).QueueUrl!;

    private sealed class SignedCalls(AwsClient client, string url) : IPeerConnection
    {
        public Task PublishAsync(int count) => count == 1
            ? client.CallAsync(SqsOperations.SendMessage, new SendMessageRequest { QueueUrl = url, MessageBody = Batch.Text }, default)
            : client.CallAsync(SqsOperations.SendMessageBatch, new SendMessageBatchRequest
            {
                QueueUrl = url,
                Entries = [.. Enumerable.Range(0, count).Select(i => new SendMessageBatchRequestEntry { Id = $"e{i}", MessageBody = Batch.Text })],
            }, default);

        public async Task<int> ConsumeAsync()
        {
            var got = await client.CallAsync(SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = Batch.Size }, default);
            if (got.Messages is not { Count: > 0 } messages)
            {
                return 0;
            }
            await client.CallAsync(SqsOperations.DeleteMessageBatch, HttpLoad.Deletes(url, messages), default);
            return messages.Count;
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class SdkCalls(AmazonSQSClient client, string url) : IPeerConnection
    {
        public Task PublishAsync(int count) => count == 1
            ? client.SendMessageAsync(new Sdk.SendMessageRequest(url, Batch.Text))
            : client.SendMessageBatchAsync(new Sdk.SendMessageBatchRequest(
                url, [.. Enumerable.Range(0, count).Select(i => new Sdk.SendMessageBatchRequestEntry($"e{i}", Batch.Text))]));

        public async Task<int> ConsumeAsync()
        {
            var got = await client.ReceiveMessageAsync(new Sdk.ReceiveMessageRequest(url) { MaxNumberOfMessages = Batch.Size });
            if (got.Messages is not { Count: > 0 } messages)
            {
                return 0;
            }
            await client.DeleteMessageBatchAsync(new Sdk.DeleteMessageBatchRequest(
                url, [.. messages.Select((message, i) => new Sdk.DeleteMessageBatchRequestEntry($"e{i}", message.ReceiptHandle))]));
            return messages.Count;
        }

        public ValueTask DisposeAsync() => default;
    }
}
