using System.Text;
using BenchmarkDotNet.Attributes;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Wire;
using Longspan.Wire.Protocols;
using Longspan.Wire.Recognition;
using Microsoft.AspNetCore.Http;

namespace Longspan.Micro;

/// <summary>Recognising, decoding and encoding one SendMessage with a body of 1 KB and one attribute.</summary>
public class CodecBenchmarks
{
    private const string RequestId = "11111111-2222-4333-8444-555555555555";

    private static readonly ProtocolCodec Json = ProtocolCodec.For(AwsProtocol.AwsJson10);
    private static readonly ProtocolCodec Query = ProtocolCodec.For(AwsProtocol.AwsQuery);
    private static readonly Recogniser Recogniser = new(Api.AwsServices.All);

    private readonly SendMessageResult _result = new()
    {
        MessageId = RequestId,
        MD5OfMessageBody = "c9a34cfc85d982698c6ac89f76071abd",
        MD5OfMessageAttributes = "c9a34cfc85d982698c6ac89f76071abd",
    };
    private WireRequest _json = null!;
    private byte[] _form = null!;

    [GlobalSetup]
    public void Prepare()
    {
        var body = new string('a', 1024);
        _json = Request("application/x-amz-json-1.0", Encoding.UTF8.GetBytes(
            "{\"QueueUrl\":\"http://127.0.0.1:4566/123456789012/orders\",\"MessageBody\":\"" + body
            + "\",\"MessageAttributes\":{\"trace\":{\"DataType\":\"String\",\"StringValue\":\"1-2-3\"}},\"DelaySeconds\":0}"));
        _json.Headers["X-Amz-Target"] = "AmazonSQS.SendMessage";
        _form = Encoding.UTF8.GetBytes(
            "Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2F127.0.0.1%3A4566%2F123456789012%2Forders&MessageBody=" + body
            + "&MessageAttribute.1.Name=trace&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=1-2-3&DelaySeconds=0");
    }

    private static WireRequest Request(string contentType, byte[] body) => new()
    {
        Method = "POST",
        Path = "/",
        Query = "",
        Headers = new HeaderDictionary { ["Host"] = "127.0.0.1:4566", ["Content-Type"] = contentType },
        Body = body,
    };

    [Benchmark]
    public Recognised RecogniseJson() => Recogniser.Recognise(_json);

    [Benchmark(Baseline = true)]
    public Shape DecodeJson() => Json.DecodeRequest(SqsOperations.SendMessage, _json);

    /// <summary>A new request each time, because a request remembers its fields.</summary>
    [Benchmark]
    public Shape DecodeQuery() => Query.DecodeRequest(SqsOperations.SendMessage, Request("application/x-www-form-urlencoded", _form));

    [Benchmark]
    public int EncodeJson()
    {
        using var response = Json.EncodeResponse(SqsOperations.SendMessage, _result, RequestId);
        return response.Body.Length;
    }

    [Benchmark]
    public int EncodeQuery()
    {
        using var response = Query.EncodeResponse(SqsOperations.SendMessage, _result, RequestId);
        return response.Body.Length;
    }
}
