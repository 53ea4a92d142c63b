using System.Text;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.Wire;

public sealed class AwsJsonTests
{
    private static readonly ProtocolCodec Json10 = ProtocolCodec.For(AwsProtocol.AwsJson10);
    private static readonly ProtocolCodec Json11 = ProtocolCodec.For(AwsProtocol.AwsJson11);

    private static SendMessageRequest Send(string body) =>
        Wired.Decode<SendMessageRequest>(Json10, SqsOperations.SendMessage, Wired.Post(body));

    private static AwsError Refused(string body) =>
        Assert.ThrowsAny<AwsError>(() => Json10.DecodeRequest(SqsOperations.SendMessage, Wired.Post(body)));

    [Fact]
    public void A_request_of_the_python_sdk_is_read()
    {
        // Bytes as botocore 1.43 sends them.
        var request = Send("""{"QueueUrl": "http://127.0.0.1:4566/123456789012/orders", "MessageBody": "h\u00e9llo", "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": "AQI="}}, "DelaySeconds": 3}""");
        Assert.Equal("http://127.0.0.1:4566/123456789012/orders", request.QueueUrl);
        Assert.Equal("héllo", request.MessageBody);
        Assert.Equal(3, request.DelaySeconds);
        Assert.Equal("Binary", request.MessageAttributes!["n"].DataType);
        Assert.Equal([1, 2], request.MessageAttributes["n"].BinaryValue!.Value.ToArray());
    }

    [Fact]
    public void Unknown_members_and_nulls_are_passed_over()
    {
        var request = Send("""{"Future":{"a":[1,{"b":null}]},"QueueUrl":"u","DelaySeconds":null,"MessageBody":"m","MessageAttributes":{"gone":null}}""");
        Assert.Equal("m", request.MessageBody);
        Assert.Null(request.DelaySeconds);
        Assert.Empty(request.MessageAttributes!);
    }

    [Theory]
    [InlineData("""{"QueueUrl":"u","MessageBody":5}""", "NUMBER_VALUE cannot be converted to String")]
    [InlineData("""{"QueueUrl":"u","MessageBody":{}}""", "Start of structure or map found where not expected.")]
    [InlineData("""{"QueueUrl":"u","MessageBody":[]}""", "Start of list found where not expected")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"m","DelaySeconds":"3"}""", "STRING_VALUE cannot be converted to Integer")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"m","DelaySeconds":2147483648}""", "Integer is out of range")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"m","DelaySeconds":1.5}""", "Integer is out of range")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"m","DelaySeconds":1e99}""", "Integer is out of range")]
    [InlineData("""{"QueueUrl":"u","QueueUrl":"v","MessageBody":"m"}""", "Duplicate key")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"\ud800"}""", "Invalid escape")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"m"} {}""", "Malformed request")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"m",}""", "Malformed request")]
    [InlineData("""{"QueueUrl":"u","MessageBody":"m" """, "Malformed request")]
    [InlineData("[]", "Start of list found where not expected")]
    [InlineData("null", "Unexpected field type")]
    public void What_cannot_be_read_is_a_serialization_exception(string body, string message)
    {
        var error = Refused(body);
        Assert.Equal(("SerializationException", 400, message), (error.Code, error.HttpStatus, error.Message));
    }

    [Fact]
    public void Invalid_utf8_is_refused()
    {
        var body = Encoding.UTF8.GetBytes("""{"QueueUrl":"u","MessageBody":"x"}""");
        body[Array.IndexOf(body, (byte)'x')] = 0xC3;
        var error = Assert.ThrowsAny<AwsError>(() => Json10.DecodeRequest(SqsOperations.SendMessage, Wired.Request("POST", "/", "", body)));
        Assert.Equal("SerializationException", error.Code);
    }

    [Fact]
    public void Depth_is_bounded_even_in_members_that_nobody_knows()
    {
        var error = Refused("{\"x\":" + new string('[', 100_000) + new string(']', 100_000) + "}");
        Assert.Equal("SerializationException", error.Code);
    }

    [Fact]
    public void A_missing_member_has_the_wording_of_its_service()
    {
        var sqs = Refused("""{"QueueUrl":"u"}""");
        Assert.Equal(("MissingParameter", "The request must contain the parameter MessageBody."), (sqs.QueryCode, sqs.Message));
        var ecs = Assert.ThrowsAny<AwsError>(() => Json11.DecodeRequest(EcsOperations.RegisterTaskDefinition, Wired.Post("""{"containerDefinitions":[]}""")));
        Assert.Equal(("ClientException", "Family can not be blank."), (ecs.Code, ecs.Message));
    }

    [Fact]
    public void Missing_members_are_found_inside_lists()
    {
        var error = Assert.ThrowsAny<AwsError>(() => Json10.DecodeRequest(
            SqsOperations.SendMessageBatch, Wired.Post("""{"QueueUrl":"u","Entries":[{"Id":"1","MessageBody":"m"},{"Id":"2"}]}""")));
        Assert.Equal("The request must contain the parameter Entries.2.MessageBody.", error.Message);
    }

    [Fact]
    public void A_response_has_the_bytes_that_clients_expect()
    {
        using var response = Json10.EncodeResponse(SqsOperations.ReceiveMessage, new ReceiveMessageResult
        {
            Messages =
            [
                new Message
                {
                    MessageId = "id",
                    Body = "h\u00e9 <&> \"q\" \u0001",
                    Attributes = new Dictionary<string, string> { ["SentTimestamp"] = "1" },
                    MessageAttributes = new Dictionary<string, MessageAttributeValue> { ["b"] = new() { DataType = "Binary", BinaryValue = new byte[] { 255 } } },
                },
            ],
        }, Wired.RequestId);
        Assert.Equal(
            """{"Messages":[{"MessageId":"id","Body":"hé <&> \"q\" \u0001","Attributes":{"SentTimestamp":"1"},"MessageAttributes":{"b":{"DataType":"Binary","BinaryValue":"/w=="}}}]}""",
            Wired.Text(response));
        Assert.Equal((200, "application/x-amz-json-1.0"), (response.Status, response.ContentType));
        Assert.Equal(Wired.RequestId, Wired.Header(response, "x-amzn-RequestId"));
    }

    [Theory]
    [InlineData("2026-11-23T06:52:44Z", "1795416764")]
    [InlineData("2026-11-23T06:52:44.5Z", "1795416764.5")]
    [InlineData("2026-11-23T06:52:44.123Z", "1795416764.123")]
    [InlineData("1969-12-31T23:59:59.25Z", "-0.75")]
    public void Timestamps_are_epoch_seconds(string time, string expected)
    {
        using var response = Json11.EncodeResponse(EcsOperations.DescribeTasks, new DescribeTasksResponse
        {
            Tasks = [new EcsTask { CreatedAt = DateTimeOffset.Parse(time) }],
        }, Wired.RequestId);
        Assert.Equal($$"""{"tasks":[{"createdAt":{{expected}}}]}""", Wired.Text(response));
    }

    [Fact]
    public void An_error_carries_its_type_and_for_old_clients_its_query_code()
    {
        using var response = Json10.EncodeError(SqsOperations.Service, new QueueDoesNotExist("The specified queue does not exist."), Wired.RequestId);
        Assert.Equal("""{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}""", Wired.Text(response));
        Assert.Equal(400, response.Status);
        Assert.Equal("AWS.SimpleQueueService.NonExistentQueue;Sender", Wired.Header(response, "x-amzn-query-error"));
        using var other = Json11.EncodeError(EcsOperations.Service, new AwsError("ServerException", "m", 500), Wired.RequestId);
        Assert.Equal((500, null), (other.Status, Wired.Header(other, "x-amzn-query-error")));
    }

    [Fact]
    public void An_empty_body_is_an_empty_request() =>
        Assert.Null(Wired.Decode<ListQueuesRequest>(Json10, SqsOperations.ListQueues, Wired.Post("")).MaxResults);
}
