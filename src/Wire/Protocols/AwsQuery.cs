using Longspan.Api.Shapes;
using Longspan.Wire.Query;
using Longspan.Wire.Xml;

namespace Longspan.Wire.Protocols;

/// <summary>awsQuery: fields of a form or of the query string in, an XML document out.</summary>
internal sealed class AwsQuery : ClientCodec
{
    public static readonly AwsQuery Instance = new();

    private const string ContentType = "text/xml";

    public override AwsProtocol Protocol => AwsProtocol.AwsQuery;

    protected internal override void ReadRequest(Operation operation, WireRequest request, Shape into)
    {
        QueryShapeReader.ReadInto(FormNode.Build(request.Form), into);
        // SQS requests may be addressed to the queue's own URL instead of naming it.
        if (request.Path.Length > 1 && into.Schema.Find("QueueUrl") is { } queueUrl && !into.IsSet(queueUrl))
        {
            var path = Text.PercentDecode(request.Path, plusIsSpace: false) ?? throw new MalformedRequestException("Malformed path");
            into.ReadMember(queueUrl, new Http.TextShapeReader($"http://{request.Host}{path}"));
        }
    }

    protected override AwsError MalformedRequest(ServiceSchema service, string message) => new("InvalidParameterValue", message);

    public override WireResponse EncodeResponse(Operation operation, Shape response, string requestId)
    {
        var buffer = new PooledBuffer();
        var writer = new XmlShapeWriter(buffer);
        writer.Start(operation.Name + "Response", operation.Service.XmlNamespace);
        writer.WriteElement(operation.Name + "Result", response);
        writer.Start("ResponseMetadata");
        writer.WriteText("RequestId", requestId);
        writer.End("ResponseMetadata");
        writer.End(operation.Name + "Response");
        return new WireResponse(200, ContentType, buffer).With("x-amzn-RequestId", requestId);
    }

    public override WireResponse EncodeError(ServiceSchema? service, AwsError error, string requestId)
    {
        var buffer = new PooledBuffer(512);
        XmlErrors.Write(
            buffer, service?.XmlNamespace, QueryCodeOf(error), error.QueryMessage ?? error.Message, FaultOf(error), error, requestId,
            detailed: service is { AwsQueryCompatible: true });
        return new WireResponse(error.HttpStatus, ContentType, buffer).With("x-amzn-RequestId", requestId);
    }

    internal override OutgoingRequest EncodeRequest(Operation operation, Shape request)
    {
        var buffer = new PooledBuffer();
        var writer = new QueryShapeWriter(buffer);
        writer.WriteField("Action", operation.Name);
        writer.WriteField("Version", operation.Service.ApiVersion);
        request.WriteMembers(writer);
        return new OutgoingRequest("application/x-www-form-urlencoded; charset=utf-8", null, buffer);
    }

    internal override void DecodeResponse(Operation operation, ReadOnlyMemory<byte> body, Shape into)
    {
        if (XmlNode.Parse(body).Child(operation.Name + "Result") is { } result)
        {
            XmlShapeReader.ReadInto(result, into);
        }
    }

    internal override AwsError DecodeError(IncomingError error) => XmlErrors.Read(error);
}
