using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.Wire;

public sealed class AwsQueryTests
{
    private static readonly ProtocolCodec Query = ProtocolCodec.For(AwsProtocol.AwsQuery);

    [Fact]
    public void A_request_of_the_python_sdk_is_read()
    {
        // Bytes as botocore 1.43 sends them.
        var request = Wired.Decode<AssumeRoleRequest>(Query, StsOperations.AssumeRole, Wired.Form(
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=s+1"
            + "&Tags.member.1.Key=k1&Tags.member.1.Value=v%3D1%26&Tags.member.2.Key=k2&Tags.member.2.Value="
            + "&TransitiveTagKeys.member.1=k1&DurationSeconds=900"));
        Assert.Equal(("arn:aws:iam::123456789012:role/r", "s 1", 900), (request.RoleArn, request.RoleSessionName, request.DurationSeconds));
        Assert.Equal([("k1", "v=1&"), ("k2", "")], request.Tags!.Select(t => (t.Key!, t.Value!)));
        Assert.Equal(["k1"], request.TransitiveTagKeys!);
    }

    [Fact]
    public void The_flattened_collections_of_sqs_are_read()
    {
        var create = Wired.Decode<CreateQueueRequest>(Query, SqsOperations.CreateQueue, Wired.Form(
            "Action=CreateQueue&QueueName=q&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=30&Attribute.2.Name=DelaySeconds"
            + "&Attribute.2.Value=1&Tag.1.Key=a&Tag.1.Value=b"));
        Assert.Equal("30", create.Attributes!["VisibilityTimeout"]);
        Assert.Equal("1", create.Attributes["DelaySeconds"]);
        Assert.Equal("b", create.Tags!["a"]);
        var batch = Wired.Decode<SendMessageBatchRequest>(Query, SqsOperations.SendMessageBatch, Wired.Form(
            "QueueUrl=u&SendMessageBatchRequestEntry.10.Id=c&SendMessageBatchRequestEntry.10.MessageBody=3"
            + "&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=2"
            + "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.DataType=String"
            + "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.StringValue=x"));
        Assert.Equal(["b", "c"], batch.Entries!.Select(e => e.Id));
        Assert.Equal("x", batch.Entries![0].MessageAttributes!["n"].StringValue);
        var receive = Wired.Decode<ReceiveMessageRequest>(Query, SqsOperations.ReceiveMessage, Wired.Form("QueueUrl=u&AttributeName=All"));
        Assert.Equal(["All"], receive.AttributeNames!);
    }

    [Fact]
    public void A_queue_may_be_addressed_by_its_path()
    {
        var request = Wired.Decode<SendMessageRequest>(Query, SqsOperations.SendMessage,
            Wired.Request("GET", "/123456789012/orders?Action=SendMessage&MessageBody=a%20b"));
        Assert.Equal("http://127.0.0.1:4566/123456789012/orders", request.QueueUrl);
        Assert.Equal("a b", request.MessageBody);
    }

    [Theory]
    [InlineData("QueueUrl=u&MessageBody=m&DelaySeconds=soon", "InvalidParameterValue")]
    [InlineData("QueueUrl=u&MessageBody=m&DelaySeconds=99999999999", "InvalidParameterValue")]
    [InlineData("QueueUrl=u&QueueUrl=v&MessageBody=m", "InvalidParameterValue")]
    [InlineData("QueueUrl=u&MessageBody=%zz", "InvalidParameterValue")]
    [InlineData("QueueUrl=u&MessageBody=%C3", "InvalidParameterValue")]
    [InlineData("QueueUrl=u&MessageBody=m&MessageAttribute.1.Name=n", "InvalidParameterValue")]
    [InlineData("QueueUrl=u", "MissingParameter")]
    public void What_cannot_be_read_is_the_callers_fault(string body, string code)
    {
        var error = Assert.ThrowsAny<AwsError>(() => Query.DecodeRequest(SqsOperations.SendMessage, Wired.Form(body)));
        Assert.Equal((code, 400), (error.QueryCode ?? error.Code, error.HttpStatus));
    }

    [Fact]
    public void Names_are_bounded_in_depth_and_number()
    {
        var deep = "QueueUrl=u&MessageBody=m&a" + string.Concat(Enumerable.Repeat(".a", 10_000)) + "=1";
        Assert.ThrowsAny<AwsError>(() => Query.DecodeRequest(SqsOperations.SendMessage, Wired.Form(deep)));
        var many = string.Join('&', Enumerable.Range(0, Longspan.Wire.WireLimits.MaxFormFields + 1).Select(i => $"a{i}=1"));
        Assert.ThrowsAny<AwsError>(() => Query.DecodeRequest(SqsOperations.SendMessage, Wired.Form(many)));
    }

    [Fact]
    public void A_response_has_the_elements_that_clients_expect()
    {
        using var response = Query.EncodeResponse(StsOperations.AssumeRole, new AssumeRoleResponse
        {
            Credentials = new Credentials
            {
                AccessKeyId = "ASIA",
                SecretAccessKey = "a<b&c>",
                SessionToken = "t",
                Expiration = DateTimeOffset.Parse("2026-11-23T06:52:44.5Z"),
            },
            PackedPolicySize = 6,
        }, Wired.RequestId);
        Assert.Equal(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
            + "<SecretAccessKey>a&lt;b&amp;c&gt;</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-11-23T06:52:44.500Z</Expiration>"
            + "</Credentials><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult><ResponseMetadata><RequestId>"
            + Wired.RequestId + "</RequestId></ResponseMetadata></AssumeRoleResponse>",
            Wired.Text(response));
        Assert.Equal((200, "text/xml"), (response.Status, response.ContentType));
    }

    [Fact]
    public void Sqs_flattens_its_lists_and_maps()
    {
        using var response = Query.EncodeResponse(SqsOperations.ReceiveMessage, new ReceiveMessageResult
        {
            Messages =
            [
                new Message { MessageId = "1", Body = "\u0001x\r", Attributes = new Dictionary<string, string> { ["a"] = "b", ["c"] = "d" } },
                new Message { MessageId = "2" },
            ],
        }, Wired.RequestId);
        Assert.Equal(
            "<ReceiveMessageResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><ReceiveMessageResult>"
            + "<Message><MessageId>1</MessageId><Body>\uFFFDx&#xD;</Body><Attribute><Name>a</Name><Value>b</Value></Attribute>"
            + "<Attribute><Name>c</Name><Value>d</Value></Attribute></Message><Message><MessageId>2</MessageId></Message>"
            + "</ReceiveMessageResult><ResponseMetadata><RequestId>" + Wired.RequestId + "</RequestId></ResponseMetadata></ReceiveMessageResponse>",
            Wired.Text(response));
    }

    [Fact]
    public void An_error_has_its_query_code()
    {
        using var response = Query.EncodeError(SqsOperations.Service, new QueueDoesNotExist("gone & away"), Wired.RequestId);
        Assert.Equal(
            "<ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>"
            + "<Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>gone &amp; away</Message><Detail></Detail></Error><RequestId>"
            + Wired.RequestId + "</RequestId></ErrorResponse>",
            Wired.Text(response));
        using var fault = Query.EncodeError(null, new AwsError("InternalFailure", "m", 500), Wired.RequestId);
        Assert.Equal((500, true), (fault.Status, Wired.Text(fault).Contains("<Type>Receiver</Type>", StringComparison.Ordinal)));
    }
}
