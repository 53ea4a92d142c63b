using Longspan.Api;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.Core.Tests.Wire;

/// <summary>Our own client and Amazon's against the wire on a real socket: each checks the other side of the codecs.</summary>
public sealed class AwsClientTests : IAsyncLifetime, IDisposable
{
    private const string KeyId = "AKIAWIRETESTS0000001";
    private const string Secret = "secret/with+slashes=";
    private const string Token = "token/+=";

    private readonly HttpClient _http = new();
    private WireHost _host = null!;

    public async Task InitializeAsync() => _host = await WireHost.StartAsync(
        AwsServices.All,
        (id, token, _) => ValueTask.FromResult(id == KeyId ? new SigningKey { AccessKeyId = id, Secret = Secret, SessionToken = token is null ? null : Token } : null),
        Handle);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _http.Dispose();

    private static Shape Handle(Operation operation, Shape request, SignatureVerdict verdict) => request switch
    {
        SendMessageRequest { MessageBody: "refuse" } => throw new QueueDoesNotExist("no queue"),
        SendMessageRequest send => new SendMessageResult { MessageId = send.MessageBody, SequenceNumber = send.MessageAttributes?["a"].StringValue },
        ReceiveMessageRequest => new ReceiveMessageResult
        {
            Messages = [new Message { Body = "b", MD5OfBody = "92eb5ffee6ae2fec3ad71c777531578f", Attributes = new() { ["k"] = "v" }, MessageAttributes = new() { ["n"] = new() { DataType = "Binary", BinaryValue = new byte[] { 7 } } } }],
        },
        AssumeRoleRequest { RoleSessionName: "refuse" } => throw new AwsError("AccessDenied", "not <you>", 403),
        AssumeRoleRequest role => new AssumeRoleResponse
        {
            Credentials = new Credentials { AccessKeyId = role.RoleArn, SecretAccessKey = role.Tags?[1].Value, SessionToken = "<&>", Expiration = DateTimeOffset.Parse("2026-11-23T06:52:44Z") },
            SourceIdentity = $"{verdict.Region}/{verdict.AccessKeyId}",
            PackedPolicySize = role.DurationSeconds,
        },
        _ => operation.NewResponse(),
    };

    private AwsClient Client(string keyId = KeyId, string secret = Secret, string? token = null) =>
        new(_http, _host.Address, "eu-test-1", _ => ValueTask.FromResult(new AwsCredentials(keyId, secret, token)), TimeProvider.System);

    private T Configured<T>(T config) where T : Amazon.Runtime.ClientConfig
    {
        config.ServiceURL = _host.Address.ToString();
        config.AuthenticationRegion = "eu-test-1";
        config.MaxErrorRetry = 0;
        return config;
    }

    [Fact]
    public async Task Our_client_calls_a_json_service()
    {
        var sent = await Client().CallAsync(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = "u",
            MessageBody = "ü\"\u0001",
            MessageAttributes = new() { ["a"] = new() { DataType = "String", StringValue = "x" } },
        }, CancellationToken.None);
        Assert.Equal(("ü\"\u0001", "x"), (sent.MessageId, sent.SequenceNumber));
        var received = await Client(token: Token).CallAsync(SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = "u" }, CancellationToken.None);
        var message = Assert.Single(received.Messages!);
        Assert.Equal(("b", "v", (byte)7), (message.Body, message.Attributes!["k"], message.MessageAttributes!["n"].BinaryValue!.Value.Span[0]));
    }

    [Fact]
    public async Task Our_client_calls_a_query_service()
    {
        var response = await Client().CallAsync(StsOperations.AssumeRole, new AssumeRoleRequest
        {
            RoleArn = "arn:aws:iam::1:role/r",
            RoleSessionName = "s 1",
            DurationSeconds = 900,
            Tags = [new() { Key = "a", Value = "" }, new() { Key = "b", Value = "v=&+ü" }],
        }, CancellationToken.None);
        Assert.Equal(("arn:aws:iam::1:role/r", "v=&+ü", "<&>"), (response.Credentials!.AccessKeyId, response.Credentials.SecretAccessKey, response.Credentials.SessionToken));
        Assert.Equal(DateTimeOffset.Parse("2026-11-23T06:52:44Z"), response.Credentials.Expiration);
        Assert.Equal(($"eu-test-1/{KeyId}", 900), (response.SourceIdentity, response.PackedPolicySize));
    }

    [Fact]
    public async Task Our_client_throws_what_the_service_answers()
    {
        var json = await Assert.ThrowsAnyAsync<AwsError>(() => Client().CallAsync(
            SqsOperations.SendMessage, new SendMessageRequest { QueueUrl = "u", MessageBody = "refuse" }, CancellationToken.None));
        Assert.Equal(("QueueDoesNotExist", "no queue", 400, "AWS.SimpleQueueService.NonExistentQueue"), (json.Code, json.Message, json.HttpStatus, json.QueryCode));
        var query = await Assert.ThrowsAnyAsync<AwsError>(() => Client().CallAsync(
            StsOperations.AssumeRole, new AssumeRoleRequest { RoleArn = "r", RoleSessionName = "refuse" }, CancellationToken.None));
        Assert.Equal(("AccessDenied", "not <you>", 403), (query.Code, query.Message, query.HttpStatus));
        var secret = await Assert.ThrowsAnyAsync<AwsError>(() => Client(secret: "wrong").CallAsync(SqsOperations.ListQueues, new ListQueuesRequest(), CancellationToken.None));
        Assert.Equal("InvalidSignatureException", secret.Code);
        var token = await Assert.ThrowsAnyAsync<AwsError>(() => Client(token: "wrong").CallAsync(StsOperations.GetCallerIdentity, new GetCallerIdentityRequest(), CancellationToken.None));
        Assert.Equal("InvalidClientTokenId", token.Code);
    }

    [Fact]
    public async Task A_page_that_is_no_answer_of_aws_is_told_by_its_status()
    {
        await using var other = await WireHost.StartAsync([], (_, _, _) => default, (_, _, _) => throw new InvalidOperationException("never called"));
        var client = new AwsClient(_http, other.Address, "r", null, TimeProvider.System);
        var error = await Assert.ThrowsAnyAsync<AwsError>(() => client.CallAsync(StsOperations.GetCallerIdentity, new GetCallerIdentityRequest(), CancellationToken.None));
        Assert.Equal(("MissingAuthenticationToken", 403), (error.Code, error.HttpStatus));
        await Assert.ThrowsAsync<HttpRequestException>(() => new AwsClient(_http, new Uri("http://127.0.0.1:1"), "r", null, TimeProvider.System)
            .CallAsync(StsOperations.GetCallerIdentity, new GetCallerIdentityRequest(), CancellationToken.None));
    }

    [Fact]
    public async Task Amazons_client_calls_a_json_service()
    {
        using var sqs = new Amazon.SQS.AmazonSQSClient(KeyId, Secret, Configured(new Amazon.SQS.AmazonSQSConfig()));
        var sent = await sqs.SendMessageAsync(new Amazon.SQS.Model.SendMessageRequest
        {
            QueueUrl = $"{_host.Address}1/q",
            MessageBody = "m",
            MessageAttributes = new() { ["a"] = new() { DataType = "String", StringValue = "x" } },
        });
        Assert.Equal(("m", "x", Wired.RequestId), (sent.MessageId, sent.SequenceNumber, sent.ResponseMetadata.RequestId));
        var received = await sqs.ReceiveMessageAsync($"{_host.Address}1/q");
        Assert.Equal(7, received.Messages.Single().MessageAttributes["n"].BinaryValue.ReadByte());
        await Assert.ThrowsAsync<Amazon.SQS.Model.QueueDoesNotExistException>(() => sqs.SendMessageAsync($"{_host.Address}1/q", "refuse"));
    }

    [Fact]
    public async Task Amazons_client_calls_a_query_service()
    {
        using var sts = new Amazon.SecurityToken.AmazonSecurityTokenServiceClient(
            KeyId, Secret, Token, Configured(new Amazon.SecurityToken.AmazonSecurityTokenServiceConfig()));
        var response = await sts.AssumeRoleAsync(new Amazon.SecurityToken.Model.AssumeRoleRequest
        {
            RoleArn = "arn:aws:iam::123456789012:role/r",
            RoleSessionName = "session",
            DurationSeconds = 900,
            Tags = [new() { Key = "a", Value = "1" }, new() { Key = "b", Value = "v=+@ x" }],
        });
        Assert.Equal(("v=+@ x", "<&>", Wired.RequestId), (response.Credentials.SecretAccessKey, response.Credentials.SessionToken, response.ResponseMetadata.RequestId));
        var error = await Assert.ThrowsAsync<Amazon.SecurityToken.AmazonSecurityTokenServiceException>(
            () => sts.AssumeRoleAsync(new Amazon.SecurityToken.Model.AssumeRoleRequest { RoleArn = "arn:aws:iam::123456789012:role/r", RoleSessionName = "refuse" }));
        Assert.Equal(("AccessDenied", "not <you>", Wired.RequestId), (error.ErrorCode, error.Message, error.RequestId));
        using var stranger = new Amazon.SecurityToken.AmazonSecurityTokenServiceClient(
            "AKIASTRANGER", Secret, Configured(new Amazon.SecurityToken.AmazonSecurityTokenServiceConfig()));
        error = await Assert.ThrowsAsync<Amazon.SecurityToken.AmazonSecurityTokenServiceException>(
            () => stranger.GetCallerIdentityAsync(new Amazon.SecurityToken.Model.GetCallerIdentityRequest()));
        Assert.Equal("InvalidClientTokenId", error.ErrorCode);
    }
}
