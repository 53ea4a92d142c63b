using Longspan.Api.Shapes;
using Longspan.Wire.Cbor;

namespace Longspan.Wire.Protocols;

/// <summary>smithy-rpc-v2-cbor: service and operation in the path, CBOR both ways, and the protocol named in a header both ways.</summary>
internal sealed class RpcV2Cbor : ProtocolCodec
{
    public static readonly RpcV2Cbor Instance = new();

    private const string ContentType = "application/cbor";

    public override AwsProtocol Protocol => AwsProtocol.RpcV2Cbor;

    protected internal override void ReadRequest(Operation operation, WireRequest request, Shape into) => CborShapeReader.ReadWhole(request.Body, into);

    protected override AwsError MalformedRequest(ServiceSchema service, string message) => new("SerializationException", message);

    public override WireResponse EncodeResponse(Operation operation, Shape response, string requestId)
    {
        var writer = new CborShapeWriter();
        writer.WriteRoot(response);
        return Answer(200, writer, requestId);
    }

    public override WireResponse EncodeError(ServiceSchema? service, AwsError error, string requestId)
    {
        var writer = new CborShapeWriter();
        writer.Cbor.WriteStartMap(null);
        writer.Cbor.WriteTextString("__type");
        writer.Cbor.WriteTextString(error.Code);
        writer.Cbor.WriteTextString("message");
        writer.Cbor.WriteTextString(error.Message);
        if (error.Detail is { } detail)
        {
            writer.WriteMembersOf(detail);
        }
        writer.Cbor.WriteEndMap();
        var response = Answer(error.HttpStatus, writer, requestId);
        if (service is { AwsQueryCompatible: true })
        {
            response.With("x-amzn-query-error", $"{QueryCodeOf(error)};{FaultOf(error)}");
        }
        return response;
    }

    private static WireResponse Answer(int status, CborShapeWriter writer, string requestId)
    {
        var buffer = new PooledBuffer();
        writer.CopyTo(buffer);
        return new WireResponse(status, ContentType, buffer)
            .With("x-amzn-RequestId", requestId)
            .With("smithy-protocol", "rpc-v2-cbor");
    }
}
