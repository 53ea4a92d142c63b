using Longspan.Api.Shapes;
using Longspan.Wire.Http;
using Longspan.Wire.Json;

namespace Longspan.Wire.Protocols;

/// <summary>restJson1: the operation is method and path, the rest of the request a JSON body.</summary>
internal sealed class RestJson : ProtocolCodec
{
    public static readonly RestJson Instance = new();

    private const string ContentType = "application/json";

    public override AwsProtocol Protocol => AwsProtocol.RestJson;

    protected internal override void ReadRequest(Operation operation, WireRequest request, Shape into)
    {
        HttpBindings.Read(operation, request, into);
        if (HttpBindings.Payload(into.Schema) is not { } payload)
        {
            JsonShapeReader.ReadWhole(request.Body, into, bodyOnly: true);
        }
        else if (!HttpBindings.IsRaw(payload))
        {
            JsonShapeReader.ReadPayload(request.Body, into, payload);
        }
    }

    protected override AwsError MalformedRequest(ServiceSchema service, string message) => new("SerializationException", message);

    public override WireResponse EncodeResponse(Operation operation, Shape response, string requestId)
    {
        var buffer = new PooledBuffer();
        var answer = new WireResponse(operation.HttpStatus, null, buffer).With("x-amzn-RequestId", requestId);
        using var json = new JsonShapeWriter(buffer);
        var hasPayload = HttpBindings.Payload(response.Schema) is not null;
        if (!hasPayload)
        {
            json.BeginObject();
        }
        response.WriteMembers(new HttpResponseWriter(json, buffer, answer, (_, shape) =>
        {
            json.WriteRoot(shape);
            answer.ContentType ??= ContentType;
        }));
        if (!hasPayload)
        {
            json.EndObject();
            answer.ContentType ??= ContentType;
        }
        return answer;
    }

    public override WireResponse EncodeError(ServiceSchema? service, AwsError error, string requestId)
    {
        var buffer = new PooledBuffer(256);
        JsonErrors.Write(buffer, error, type: null);
        return new WireResponse(error.HttpStatus, ContentType, buffer)
            .With("x-amzn-RequestId", requestId)
            .With("X-Amzn-ErrorType", error.Code);
    }
}
