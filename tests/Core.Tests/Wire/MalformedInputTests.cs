using System.Text;
using Longspan.Api.Ecs;
using Longspan.Api.S3;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Wire.Generated.CloudWatch;
using Longspan.Core.Tests.Wire.Generated.XRay;
using Longspan.Wire;
using Longspan.Wire.Protocols;
using Longspan.Wire.Recognition;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Longspan.Core.Tests.Wire;

/// <summary>Whatever arrives, the wire decodes it or answers a 4xx. Any other exception fails these tests.</summary>
public sealed class MalformedInputTests
{
    private const int Mutations = 3000;

    public static TheoryData<string> Cases => [.. Samples.Keys];

    private static readonly Dictionary<string, (AwsProtocol Protocol, Operation Operation, string Target, byte[] Body)> Samples = new()
    {
        ["json"] = (AwsProtocol.AwsJson10, SqsOperations.SendMessage, "/", Bytes(
            """{"QueueUrl":"http://h/1/q","MessageBody":"h\u00e9llo","MessageAttributes":{"n":{"DataType":"Binary","BinaryValue":"AQI="}},"DelaySeconds":3}""")),
        ["json-deep"] = (AwsProtocol.AwsJson11, EcsOperations.RegisterTaskDefinition, "/", Bytes(
            """{"family":"f","containerDefinitions":[{"name":"c","image":"i","cpu":10,"memory":64,"essential":true,"environment":[{"name":"A","value":"ü"}],"portMappings":[{"containerPort":80}],"dockerLabels":{"a":"b"},"healthCheck":{"command":["CMD","x"],"interval":5}}],"tags":[{"key":"k","value":"v"}]}""")),
        ["query"] = (AwsProtocol.AwsQuery, StsOperations.AssumeRole, "/", Bytes(
            "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=s+1&Tags.member.1.Key=k1&Tags.member.1.Value=v%C3%BC&DurationSeconds=900")),
        ["query-flat"] = (AwsProtocol.AwsQuery, SqsOperations.SendMessageBatch, "/", Bytes(
            "QueueUrl=u&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=b&SendMessageBatchRequestEntry.1.DelaySeconds=1"
            + "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String")),
        ["cbor"] = (AwsProtocol.RpcV2Cbor, CloudWatchOperations.PutMetricData, "/", Convert.FromHexString(RpcV2CborTests.Golden)),
        ["rest-json"] = (AwsProtocol.RestJson, XRayOperations.GetSamplingTargets, "/SamplingTargets", Bytes(
            """{"SamplingStatisticsDocuments":[{"RuleName":"r","ClientID":"c","Timestamp":1795416764.5,"RequestCount":1,"SampledCount":1,"BorrowCount":0}]}""")),
        ["rest-xml"] = (AwsProtocol.RestXml, S3Operations.ListObjectsV2, "/b?list-type=2&prefix=a%20b%2F&max-keys=2&fetch-owner=true", []),
    };

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_cut_request_is_decoded_or_refused(string name)
    {
        var sample = Samples[name];
        Assert.True(Decodes(sample, sample.Target, sample.Body), "the sample itself is good");
        for (var length = 0; length < sample.Body.Length; length++)
        {
            Decodes(sample, sample.Target, sample.Body[..length]);
        }
        for (var length = 1; length < sample.Target.Length; length++)
        {
            Decodes(sample, sample.Target[..length], sample.Body);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_damaged_request_is_decoded_or_refused(string name)
    {
        var sample = Samples[name];
        var random = new Random(20261123);
        var refused = 0;
        for (var i = 0; i < Mutations; i++)
        {
            refused += Decodes(sample, Damage(sample.Target, random), Damage(sample.Body, random)) ? 0 : 1;
        }
        Assert.InRange(refused, 1, Mutations);
    }

    [Fact]
    public async Task A_damaged_head_is_recognised_or_refused()
    {
        var recogniser = new Recogniser([SqsOperations.Service, StsOperations.Service, S3Operations.Service, XRayOperations.Service, CloudWatchOperations.Service]);
        var verifier = new SigV4((id, _, _) => ValueTask.FromResult<SigningKey?>(new SigningKey { AccessKeyId = id, Secret = SigV4Tests.Secret }), new SigV4Tests.FixedClock(SigV4Tests.Now));
        var random = new Random(4566);
        var signed = SigV4Signer.SignHeaders("POST", new Uri("http://h/a%20b?Action=ListQueues&x=1"), [new("X-Amz-Target", "AmazonSQS.ListQueues")], "{}"u8,
            new AwsCredentials("AKID", SigV4Tests.Secret, "token"), "us-east-1", "sqs", SigV4Tests.Now);
        var verified = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var headers = new HeaderDictionary { ["host"] = "h" };
            foreach (var (header, value) in signed.Append(new("X-Amz-Target", "AmazonSQS.ListQueues")).Append(new("smithy-protocol", "rpc-v2-cbor")))
            {
                if (random.Next(4) > 0)
                {
                    headers[header] = random.Next(4) == 0 ? Damage(value, random) : value;
                }
            }
            var target = random.Next(2) == 0 ? "/a%20b?Action=ListQueues&x=1" : Damage("/a%20b?Action=ListQueues&x=1", random);
            var mark = target.IndexOf('?', StringComparison.Ordinal);
            var request = new WireRequest
            {
                Method = random.Next(3) == 0 ? "GET" : "POST",
                Path = mark < 0 ? target : target[..mark],
                Query = mark < 0 ? "" : target[(mark + 1)..],
                Headers = headers,
                Body = "{}"u8.ToArray(),
            };
            var recognised = recogniser.Recognise(request);
            if (recognised.Error is { } error)
            {
                Assert.InRange(error.HttpStatus, 400, 499);
                recognised.Codec.EncodeError(recognised.Service, error, Wired.RequestId).Dispose();
            }
            var verdict = await verifier.VerifyAsync(request, recognised.Protocol, "sqs", CancellationToken.None);
            Assert.True(verdict.IsVerified || verdict.Error!.HttpStatus is >= 400 and <= 501);
            verified += verdict.IsVerified ? 1 : 0;
        }
        Assert.Equal(0, verified);
    }

    private static bool Decodes((AwsProtocol Protocol, Operation Operation, string Target, byte[] Body) sample, string target, byte[] body)
    {
        var request = Wired.Request("POST", target, sample.Protocol == AwsProtocol.AwsQuery ? "Content-Type: application/x-www-form-urlencoded" : "", body);
        try
        {
            ProtocolCodec.For(sample.Protocol).DecodeRequest(sample.Operation, request);
            return true;
        }
        catch (AwsError error)
        {
            Assert.InRange(error.HttpStatus, 400, 499);
            ProtocolCodec.For(sample.Protocol).EncodeError(sample.Operation.Service, error, Wired.RequestId).Dispose();
            return false;
        }
    }

    private static byte[] Damage(byte[] body, Random random)
    {
        var damaged = (byte[])body.Clone();
        for (var i = random.Next(1, 4); i > 0 && damaged.Length > 0; i--)
        {
            damaged[random.Next(damaged.Length)] = random.Next(3) switch
            {
                0 => (byte)random.Next(256),
                1 => "\"{}[]:,\\&=%.<>0"u8[random.Next(15)],
                _ => (byte)(damaged[random.Next(damaged.Length)] ^ (1 << random.Next(8))),
            };
        }
        return damaged;
    }

    private static string Damage(string target, Random random)
    {
        if (target.Length < 2 || random.Next(2) == 0)
        {
            return target;
        }
        var damaged = target.ToCharArray();
        damaged[random.Next(1, damaged.Length)] = (char)(random.Next(2) == 0 ? "%&=?/+;,'\""[random.Next(10)] : random.Next(1, 0xFFFF));
        return new string(damaged);
    }
}
