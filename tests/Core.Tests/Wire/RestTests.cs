using System.Text;
using Longspan.Api.S3;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Wire.Generated.XRay;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.Wire;

public sealed class RestTests
{
    private static readonly ProtocolCodec Json = ProtocolCodec.For(AwsProtocol.RestJson);
    private static readonly ProtocolCodec Xml = ProtocolCodec.For(AwsProtocol.RestXml);

    [Fact]
    public void A_json_body_is_read()
    {
        var request = Wired.Decode<PutTraceSegmentsRequest>(Json, XRayOperations.PutTraceSegments,
            Wired.Request("POST", "/TraceSegments", "", Encoding.UTF8.GetBytes("""{"TraceSegmentDocuments": ["{\"id\":\"1\"}"]}""")));
        Assert.Equal("""{"id":"1"}""", Assert.Single(request.TraceSegmentDocuments!));
    }

    [Fact]
    public void A_json_response_and_error_have_the_bytes_that_clients_expect()
    {
        using var response = Json.EncodeResponse(XRayOperations.GetSamplingTargets, new GetSamplingTargetsResult
        {
            SamplingTargetDocuments = [],
            LastRuleModification = DateTimeOffset.Parse("2026-11-23T06:52:44Z"),
        }, Wired.RequestId);
        Assert.Equal("""{"SamplingTargetDocuments":[],"LastRuleModification":1795416764}""", Wired.Text(response));
        Assert.Equal((200, "application/json"), (response.Status, response.ContentType));
        using var error = Json.EncodeError(XRayOperations.Service, new AwsError("InvalidRequestException", "no"), Wired.RequestId);
        Assert.Equal("""{"message":"no"}""", Wired.Text(error));
        Assert.Equal("InvalidRequestException", Wired.Header(error, "X-Amzn-ErrorType"));
    }

    [Fact]
    public void Labels_query_and_headers_are_read()
    {
        var list = Wired.Decode<ListObjectsV2Request>(Xml, S3Operations.ListObjectsV2, Wired.Request(
            "GET", "/b?list-type=2&prefix=a%20b%2F&max-keys=2&fetch-owner=true&encoding-type=url", "x-amz-optional-object-attributes: RestoreStatus, Other"));
        Assert.Equal(("b", "a b/", 2, true), (list.Bucket, list.Prefix, list.MaxKeys, list.FetchOwner));
        Assert.Equal(["RestoreStatus", "Other"], list.OptionalObjectAttributes!);
        var get = Wired.Decode<GetObjectRequest>(Xml, S3Operations.GetObject, Wired.Request(
            "GET", "/b/k", "If-Modified-Since: Mon, 23 Nov 2026 06:52:44 GMT\nRange: bytes=0-1"));
        Assert.Equal((DateTimeOffset.Parse("2026-11-23T06:52:44Z"), "bytes=0-1"), (get.IfModifiedSince, get.Range));
    }

    [Fact]
    public void A_greedy_label_keeps_slashes_and_a_raw_payload_its_bytes()
    {
        var put = Wired.Decode<PutObjectRequest>(Xml, S3Operations.PutObject, Wired.Request(
            "PUT", "/b/dir/%C3%BC%20%2Bx", "x-amz-meta-A: 1\nContent-Type: text/plain", [0, 255, (byte)'<']));
        Assert.Equal(("b", "dir/ü +x", "text/plain"), (put.Bucket, put.Key, put.ContentType));
        Assert.Equal([0, 255, (byte)'<'], put.Body!.Value.ToArray());
        Assert.Equal("1", put.Metadata!["a"]);
    }

    [Fact]
    public void An_xml_response_has_the_elements_that_clients_expect()
    {
        using var response = Xml.EncodeResponse(S3Operations.ListObjectsV2, new ListObjectsV2Output
        {
            IsTruncated = false,
            Name = "b",
            RequestCharged = "requester",
            Contents = [new S3Object { Key = "k<1>", Size = 5, LastModified = DateTimeOffset.Parse("2026-11-23T06:52:44Z") }, new S3Object { Key = "k2" }],
            CommonPrefixes = [new CommonPrefix { Prefix = "p/" }],
        }, Wired.RequestId);
        var text = Wired.Text(response);
        Assert.StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false</IsTruncated>", text, StringComparison.Ordinal);
        Assert.Contains("<Contents><Key>k&lt;1&gt;</Key><LastModified>2026-11-23T06:52:44Z</LastModified><Size>5</Size></Contents><Contents><Key>k2</Key></Contents>", text, StringComparison.Ordinal);
        Assert.Contains("<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>", text, StringComparison.Ordinal);
        Assert.Equal("requester", Wired.Header(response, "x-amz-request-charged"));
        Assert.Equal(Wired.RequestId, Wired.Header(response, "x-amz-request-id"));
    }

    [Fact]
    public void A_raw_response_goes_out_with_its_headers()
    {
        using var response = Xml.EncodeResponse(S3Operations.GetObject, new GetObjectOutput
        {
            Body = new byte[] { 1, 2 },
            ContentType = "image/png",
            ETag = "\"e\"",
            LastModified = DateTimeOffset.Parse("2026-11-23T06:52:44Z"),
            Metadata = new Dictionary<string, string> { ["a"] = "ü\r\nX: y" },
        }, Wired.RequestId);
        Assert.Equal([1, 2], response.Body.ToArray());
        Assert.Equal("image/png", response.ContentType);
        Assert.Equal("Mon, 23 Nov 2026 06:52:44 GMT", Wired.Header(response, "Last-Modified"));
        Assert.Equal("=?UTF-8?B?w7wNClg6IHk=?=", Wired.Header(response, "x-amz-meta-a"));
    }

    [Fact]
    public void Errors_of_s3_are_not_wrapped()
    {
        using var response = Xml.EncodeError(S3Operations.Service, new NoSuchBucket("gone"), Wired.RequestId);
        Assert.Equal(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code><Message>gone</Message><RequestId>" + Wired.RequestId + "</RequestId></Error>",
            Wired.Text(response));
        Assert.Equal(404, response.Status);
    }

    [Theory]
    [InlineData("/b?list-type=2&max-keys=many")]
    [InlineData("/b?list-type=2&fetch-owner=perhaps")]
    [InlineData("/b?list-type=2&prefix=%zz")]
    public void What_cannot_be_read_is_the_callers_fault(string target)
    {
        var error = Assert.ThrowsAny<AwsError>(() => Xml.DecodeRequest(S3Operations.ListObjectsV2, Wired.Request("GET", target)));
        Assert.Equal(("MalformedXML", 400), (error.Code, error.HttpStatus));
    }
}
