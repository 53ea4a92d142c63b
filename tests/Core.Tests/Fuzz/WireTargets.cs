using System.Text;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.S3;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Wire;
using Longspan.Core.Tests.Wire.Generated.CloudWatch;
using Longspan.Core.Tests.Wire.Generated.XRay;
using Longspan.Wire;
using Longspan.Wire.Protocols;
using Longspan.Wire.Recognition;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Http;

namespace Longspan.Core.Tests.Fuzz;

/// <summary>The codecs, and the head of a request: who is called, and who signed.</summary>
internal static class WireTargets
{
    private const string Form = "Content-Type: application/x-www-form-urlencoded";

    private static readonly Recogniser s_recogniser = new([.. Api.AwsServices.All, CloudWatchOperations.Service, XRayOperations.Service]);

    private static readonly SigV4 s_signatures = new(
        (id, _, _) => ValueTask.FromResult<SigningKey?>(new SigningKey { AccessKeyId = id, Secret = SigV4Tests.Secret }), new SigV4Tests.FixedClock(SigV4Tests.Now));

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        Body("json", AwsProtocol.AwsJson10, SqsOperations.SendMessage, """{"QueueUrl":"http://h/1/q","MessageBody":"hé","MessageAttributes":{"n":{"DataType":"Binary","BinaryValue":"AQI="}},"DelaySeconds":3}""", ["MessageAttributes", "BinaryValue"]),
        Body("json-deep", AwsProtocol.AwsJson11, EcsOperations.RegisterTaskDefinition, """{"family":"f","containerDefinitions":[{"name":"c","image":"i","cpu":10,"memory":64,"essential":true,"environment":[{"name":"A","value":"ü"}],"portMappings":[{"containerPort":80}],"dockerLabels":{"a":"b"},"healthCheck":{"command":["CMD","x"],"interval":5}}],"tags":[{"key":"k","value":"v"}]}""", ["containerDefinitions", "ulimits"]),
        Body("query", AwsProtocol.AwsQuery, StsOperations.AssumeRole, "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=s+1&Tags.member.1.Key=k1&Tags.member.1.Value=v%C3%BC&DurationSeconds=900", ["Tags.member.", ".member.1", "Tags.member.99999999.Key=", "&", "=", "%"]),
        Body("query-flat", AwsProtocol.AwsQuery, SqsOperations.SendMessageBatch, "Action=SendMessageBatch&QueueUrl=u&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=b&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String", ["SendMessageBatchRequestEntry.", ".1", ".Value."]),
        Body("query-policy", AwsProtocol.AwsQuery, IamOperations.SimulateCustomPolicy, "Action=SimulateCustomPolicy&PolicyInputList.member.1=%7B%7D&ActionNames.member.1=a&ContextEntries.member.1.ContextKeyName=k&ContextEntries.member.1.ContextKeyValues.member.1=v", ["ContextEntries.member.", "ContextKeyValues.member."]),
        FuzzTargets.OfBytes("cbor", bytes => Decodes(AwsProtocol.RpcV2Cbor, CloudWatchOperations.PutMetricData, Wired.Request("POST", "/", "", bytes)), [Convert.FromHexString(RpcV2CborTests.Golden)], []),
        FuzzTargets.OfBytes("rest-json", bytes => Decodes(AwsProtocol.RestJson, XRayOperations.GetSamplingTargets, Wired.Request("POST", "/SamplingTargets", "", bytes)),
            [Encoding.UTF8.GetBytes("""{"SamplingStatisticsDocuments":[{"RuleName":"r","ClientID":"c","Timestamp":1795416764.5,"RequestCount":1,"SampledCount":1,"BorrowCount":0}]}""")], ["{", "}", "Timestamp"]),
        FuzzTargets.OfBytes("rest-xml", bytes => Decodes(AwsProtocol.RestXml, S3Operations.DeleteObjects, Wired.Request("POST", "/b?delete", "", bytes)),
            [Encoding.UTF8.GetBytes("""<?xml version="1.0"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a&amp;b</Key></Object><!-- note --><Quiet>true</Quiet></Delete>""")],
            ["<Object>", "</Object>", "<Key>", "<![CDATA[", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>", "&b;", "<?", "xmlns=\"\""]),
        FuzzTargets.OfBytes("rest-target", bytes => Decodes(AwsProtocol.RestXml, S3Operations.ListObjectsV2, Wired.Request("GET", Encoding.UTF8.GetString(bytes))),
            [Encoding.UTF8.GetBytes("/b?list-type=2&prefix=a%20b%2F&max-keys=2&fetch-owner=true")], ["&", "=", "?", "/", "list-type=2", "max-keys=", "%2F", "%"]),
        FuzzTargets.OfBytes("head", Recognises, [Encoding.UTF8.GetBytes("POST /a%20b?Action=ListQueues&x=1\nx-amz-target: AmazonSQS.ListQueues\ncontent-type: application/x-amz-json-1.0\n"),
            Encoding.UTF8.GetBytes("GET /b/k?list-type=2\nAuthorization: AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\nx-amz-date: 20261123T000000Z\nx-amz-content-sha256: UNSIGNED-PAYLOAD\n")],
            ["Authorization: ", "X-Amz-Signature=", "X-Amz-Credential=", "X-Amz-Expires=", "smithy-protocol: rpc-v2-cbor\n", "/service/X/operation/Y", "Credential=", "SignedHeaders=", "\n", "x-amz-security-token: "]),
    ];

    private static FuzzTarget Body(string name, AwsProtocol protocol, Operation operation, string sample, string[] words) =>
        FuzzTargets.OfBytes(name, bytes => Decodes(protocol, operation, Wired.Request("POST", "/", protocol == AwsProtocol.AwsQuery ? Form : "", bytes)), [Encoding.UTF8.GetBytes(sample)], ["{", "}", "[", "]", "\"", ":", .. words]);

    private static bool Decodes(AwsProtocol protocol, Operation operation, WireRequest request)
    {
        ProtocolCodec.For(protocol).DecodeRequest(operation, request);
        return true;
    }

    /// <summary>A request's first line and headers, a line each.</summary>
    private static bool Recognises(byte[] bytes)
    {
        var lines = Encoding.Latin1.GetString(bytes).Split('\n');
        var (method, target) = lines[0].Split(' ', 2) is [var verb, var rest] ? (verb, rest) : ("POST", lines[0]);
        var headers = new HeaderDictionary { ["host"] = "h" };
        foreach (var line in lines.Skip(1))
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                headers[line[..colon]] = line[(colon + 1)..].Trim();
            }
        }
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var request = new WireRequest { Method = method, Path = mark < 0 ? target : target[..mark], Query = mark < 0 ? "" : target[(mark + 1)..], Headers = headers, Body = Array.Empty<byte>() };
        var recognised = s_recogniser.Recognise(request);
        var verdict = s_signatures.VerifyAsync(request, recognised.Protocol, recognised.Service?.SigningName ?? "sqs", default).AsTask().GetAwaiter().GetResult();
        return recognised.Operation is not null || verdict.IsVerified;
    }
}
