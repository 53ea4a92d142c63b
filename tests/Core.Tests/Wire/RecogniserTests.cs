using System.Text;
using Longspan.Api;
using Longspan.Api.S3;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Wire.Generated.CloudWatch;
using Longspan.Core.Tests.Wire.Generated.XRay;
using Longspan.Wire;
using Longspan.Wire.Recognition;
using Xunit;

namespace Longspan.Core.Tests.Wire;

public sealed class RecogniserTests
{
    private static readonly Recogniser Recogniser =
        new([.. AwsServices.All, CloudWatchOperations.Service, XRayOperations.Service]);

    private static string Scope(string service) =>
        $"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20261123/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00";

    private static void Is(WireRequest request, AwsProtocol protocol, string service, string operation)
    {
        var recognised = Recogniser.Recognise(request);
        Assert.Null(recognised.Error);
        Assert.Equal((protocol, service, operation), (recognised.Protocol, recognised.Service!.Name, recognised.Operation!.Name));
    }

    private static AwsError IsNot(WireRequest request, AwsProtocol protocol)
    {
        var recognised = Recogniser.Recognise(request);
        Assert.Null(recognised.Operation);
        Assert.Equal(protocol, recognised.Protocol);
        return recognised.Error!;
    }

    [Theory]
    [InlineData("AmazonSQS.SendMessage", "application/x-amz-json-1.0", AwsProtocol.AwsJson10, "Sqs", "SendMessage")]
    [InlineData("AmazonSQS.SendMessage", "", AwsProtocol.AwsJson10, "Sqs", "SendMessage")]
    [InlineData("AmazonEC2ContainerServiceV20141113.RunTask", "application/x-amz-json-1.1", AwsProtocol.AwsJson11, "Ecs", "RunTask")]
    [InlineData("AmazonEC2ContainerServiceV20141113.RunTask", "Application/X-Amz-Json-1.1; charset=UTF-8", AwsProtocol.AwsJson11, "Ecs", "RunTask")]
    [InlineData("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents", "application/x-amz-json-1.1", AwsProtocol.AwsJson11, "CloudTrail", "LookupEvents")]
    public void A_target_header_names_the_operation(string target, string contentType, AwsProtocol protocol, string service, string operation) =>
        Is(Wired.Post("{}", $"X-Amz-Target: {target}\nContent-Type: {contentType}"), protocol, service, operation);

    [Fact]
    public void A_form_is_a_query_whatever_its_target_header_says() => Is(
        Wired.Post("Action=SendMessage&Version=2012-11-05", $"X-Amz-Target: AmazonSQSv20121105.SendMessage\nContent-Type: application/x-www-form-urlencoded;charset=utf-8\n{Scope("sqs")}"),
        AwsProtocol.AwsQuery, "Sqs", "SendMessage");

    [Fact]
    public void A_cbor_path_names_the_operation()
    {
        const string Headers = "smithy-protocol: rpc-v2-cbor\nContent-Type: application/cbor";
        Is(Wired.Request("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", Headers), AwsProtocol.RpcV2Cbor, "CloudWatch", "PutMetricData");
        Assert.Equal(("UnknownOperationException", 404), Error(IsNot(Wired.Request("POST", "/service/Nobody/operation/PutMetricData", Headers), AwsProtocol.RpcV2Cbor)));
        Assert.Equal(("UnknownOperationException", 404), Error(IsNot(Wired.Request("GET", "/service/GraniteServiceVersion20100801/operation/PutMetricData", Headers), AwsProtocol.RpcV2Cbor)));
    }

    [Fact]
    public void An_action_names_the_operation_of_the_service_it_was_signed_for()
    {
        var body = Encoding.UTF8.GetBytes("Action=GetCallerIdentity&Version=2011-06-15");
        Is(Wired.Request("POST", "/", "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n" + Scope("sts"), body), AwsProtocol.AwsQuery, "Sts", "GetCallerIdentity");
        Is(Wired.Form("Action=GetCallerIdentity&Version=2011-06-15"), AwsProtocol.AwsQuery, "Sts", "GetCallerIdentity");
        Is(Wired.Request("GET", "/?Action=ListQueues", Scope("sqs")), AwsProtocol.AwsQuery, "Sqs", "ListQueues");
        Is(Wired.Request("GET", "/123456789012/q?Action=SendMessage&MessageBody=m", Scope("sqs")), AwsProtocol.AwsQuery, "Sqs", "SendMessage");
        Is(Wired.Request("GET", "/?Action=GetCallerIdentity&X-Amz-Credential=AKIA%2F20261123%2Fus-east-1%2Fsts%2Faws4_request"), AwsProtocol.AwsQuery, "Sts", "GetCallerIdentity");
    }

    [Theory]
    [InlineData("GET", "/", "s3", AwsProtocol.RestXml, "ListBuckets")]
    [InlineData("GET", "/b?list-type=2", "s3", AwsProtocol.RestXml, "ListObjectsV2")]
    [InlineData("HEAD", "/b", "s3", AwsProtocol.RestXml, "HeadBucket")]
    [InlineData("GET", "/b/a/b//c", "s3", AwsProtocol.RestXml, "GetObject")]
    [InlineData("PUT", "/b/Action=x?x-id=PutObject", "s3", AwsProtocol.RestXml, "PutObject")]
    [InlineData("POST", "/TraceSegments", "xray", AwsProtocol.RestJson, "PutTraceSegments")]
    public void A_path_names_the_operation_of_the_service_it_was_signed_for(string method, string target, string service, AwsProtocol protocol, string operation)
    {
        var recognised = Recogniser.Recognise(Wired.Request(method, target, Scope(service)));
        Assert.Equal((protocol, operation), (recognised.Protocol, recognised.Operation?.Name));
    }

    [Fact]
    public void An_uploaded_form_is_no_action() =>
        Is(Wired.Request("PUT", "/b/k", "Content-Type: application/x-www-form-urlencoded\n" + Scope("s3"), "Action=ListQueues"u8.ToArray()), AwsProtocol.RestXml, "S3", "PutObject");

    [Fact]
    public void Unknown_operations_are_answered_in_the_protocol_of_the_request()
    {
        Assert.Equal(("UnknownOperationException", 400), Error(IsNot(Wired.Post("{}", "X-Amz-Target: AmazonSQS.Fly\nContent-Type: application/x-amz-json-1.0"), AwsProtocol.AwsJson10)));
        Assert.Equal(("UnknownOperationException", 400), Error(IsNot(Wired.Post("{}", "X-Amz-Target: Nobody.Fly\nContent-Type: application/x-amz-json-1.1"), AwsProtocol.AwsJson11)));
        Assert.Equal(("UnknownOperationException", 404), Error(IsNot(Wired.Request("DELETE", "/TraceSegments", Scope("xray")), AwsProtocol.RestJson)));
        Assert.Equal(("UnknownOperationException", 404), Error(IsNot(Wired.Request("GET", "/2015-03-31/functions", Scope("lambda")), AwsProtocol.RestXml)));
        var action = IsNot(Wired.Request("GET", "/?Action=Fly&Version=2011-06-15", Scope("sts")), AwsProtocol.AwsQuery);
        Assert.Equal(("InvalidAction", "Could not find operation Fly for version 2011-06-15"), (action.Code, action.Message));
        Assert.Equal("InvalidAction", IsNot(Wired.Request("GET", "/?Action=ListClusters", Scope("ecs")), AwsProtocol.AwsQuery).Code);
        Assert.Equal("MissingAction", IsNot(Wired.Request("GET", "/", Scope("sts")), AwsProtocol.AwsQuery).Code);
        Assert.Equal("MissingAuthenticationToken", IsNot(Wired.Request("GET", "/"), AwsProtocol.AwsQuery).QueryCode);
        Assert.Equal("MalformedQueryString", IsNot(Wired.Request("GET", "/?Action=%zz", Scope("sts")), AwsProtocol.AwsQuery).Code);
    }

    [Fact]
    public void An_operation_that_aws_has_and_we_do_not_is_said_to_be_missing_here()
    {
        var error = IsNot(Wired.Post("{}", "X-Amz-Target: AmazonEC2ContainerServiceV20141113.CreateDaemon\nContent-Type: application/x-amz-json-1.1"), AwsProtocol.AwsJson11);
        Assert.Equal("The operation CreateDaemon of Ecs is not supported here yet.", error.Message);
    }

    private static (string, int) Error(AwsError error) => (error.Code, error.HttpStatus);
}
