using Longspan.Api.Shapes;
using Longspan.Wire.Http;
using Longspan.Wire.Xml;

namespace Longspan.Wire.Protocols;

/// <summary>restXml: S3, CloudFront, Route 53. The operation is method and path, the rest of the request an XML body.</summary>
internal sealed class RestXml : ProtocolCodec
{
    public static readonly RestXml Instance = new();

    private const string ContentType = "application/xml";

    public override AwsProtocol Protocol => AwsProtocol.RestXml;

    protected internal override void ReadRequest(Operation operation, WireRequest request, Shape into)
    {
        HttpBindings.Read(operation, request, into);
        var payload = HttpBindings.Payload(into.Schema);
        if (request.Body.IsEmpty || (payload is not null && HttpBindings.IsRaw(payload)))
        {
            return;
        }
        if (payload is not null)
        {
            XmlShapeReader.ReadPayload(XmlNode.Parse(request.Body), into, payload);
        }
        else if (HttpBindings.HasBody(into.Schema))
        {
            XmlShapeReader.ReadInto(XmlNode.Parse(request.Body), into, bodyOnly: true);
        }
    }

    protected override AwsError MalformedRequest(ServiceSchema service, string message) => IsS3(service)
        ? new AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
        : new AwsError("MalformedInput", message);

    public override WireResponse EncodeResponse(Operation operation, Shape response, string requestId)
    {
        var buffer = new PooledBuffer();
        var answer = new WireResponse(operation.HttpStatus, null, buffer).With(RequestIdHeader(operation.Service), requestId);
        var xml = new XmlShapeWriter(buffer);
        var root = HttpBindings.Payload(response.Schema) is null && HttpBindings.HasBody(response.Schema)
            ? response.Schema.XmlName ?? response.Schema.Name
            : null;
        if (root is not null)
        {
            Declare(buffer);
            xml.Start(root, response.Schema.XmlNamespace ?? operation.Service.XmlNamespace);
        }
        response.WriteMembers(new HttpResponseWriter(xml, buffer, answer, (member, shape) =>
        {
            Declare(buffer);
            xml.WritePayload(member, shape, operation.Service.XmlNamespace);
            answer.ContentType ??= ContentType;
        }));
        if (root is not null)
        {
            xml.End(root);
            answer.ContentType ??= ContentType;
        }
        return answer;
    }

    public override WireResponse EncodeError(ServiceSchema? service, AwsError error, string requestId)
    {
        var buffer = new PooledBuffer(512);
        Declare(buffer);
        if (service is not null && IsS3(service))
        {
            XmlErrors.WriteBare(buffer, error, requestId);
        }
        else
        {
            XmlErrors.Write(buffer, service?.XmlNamespace, error.Code, error.Message, FaultOf(error), error, requestId, detailed: false);
        }
        return new WireResponse(error.HttpStatus, ContentType, buffer).With(RequestIdHeader(service), requestId);
    }

    private static void Declare(PooledBuffer buffer) => buffer.Append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"u8);

    private static bool IsS3(ServiceSchema service) => service.SigningName == "s3";

    private static string RequestIdHeader(ServiceSchema? service) =>
        service is not null && IsS3(service) ? "x-amz-request-id" : "x-amzn-RequestId";
}
