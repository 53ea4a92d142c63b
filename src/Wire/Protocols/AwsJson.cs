using Longspan.Api.Shapes;
using Longspan.Wire.Json;

namespace Longspan.Wire.Protocols;

/// <summary>awsJson 1.0 and 1.1: <c>POST /</c>, the operation in <c>X-Amz-Target</c>, JSON both ways.</summary>
internal sealed class AwsJson : ClientCodec
{
    public static readonly AwsJson Version10 = new(AwsProtocol.AwsJson10, "application/x-amz-json-1.0");
    public static readonly AwsJson Version11 = new(AwsProtocol.AwsJson11, "application/x-amz-json-1.1");

    private readonly string _contentType;

    private AwsJson(AwsProtocol protocol, string contentType)
    {
        Protocol = protocol;
        _contentType = contentType;
    }

    public override AwsProtocol Protocol { get; }

    protected internal override void ReadRequest(Operation operation, WireRequest request, Shape into) =>
        JsonShapeReader.ReadWhole(request.Body, into);

    protected override AwsError MalformedRequest(ServiceSchema service, string message) => new("SerializationException", message);

    public override WireResponse EncodeResponse(Operation operation, Shape response, string requestId)
    {
        var buffer = new PooledBuffer();
        // Operations without any output answer with an empty body in 1.1 and an empty object in 1.0; clients take both for both.
        JsonShapeWriter.WriteWhole(buffer, response);
        return new WireResponse(200, _contentType, buffer).With("x-amzn-RequestId", requestId);
    }

    public override WireResponse EncodeError(ServiceSchema? service, AwsError error, string requestId)
    {
        var buffer = new PooledBuffer(256);
        var namespaced = service is { AwsQueryCompatible: true };
        JsonErrors.Write(buffer, error, namespaced ? Namespace(service!, error) + error.Code : error.Code);
        var response = new WireResponse(error.HttpStatus, _contentType, buffer).With("x-amzn-RequestId", requestId);
        if (namespaced)
        {
            response.With("x-amzn-query-error", $"{QueryCodeOf(error)};{FaultOf(error)}");
        }
        return response;
    }

    /// <summary>
    /// Services that came from the Query protocol spell types in full, unlike those that always spoke JSON. What their model does not name
    /// comes from the framework that all AWS services share.
    /// </summary>
    private static string Namespace(ServiceSchema service, AwsError error) =>
        error.GetType() == typeof(AwsError) ? "com.amazon.coral.service#" : $"com.amazonaws.{service.Name.ToLowerInvariant()}#";

    internal override OutgoingRequest EncodeRequest(Operation operation, Shape request)
    {
        var buffer = new PooledBuffer();
        JsonShapeWriter.WriteWhole(buffer, request);
        return new OutgoingRequest(_contentType, $"{operation.Service.TargetPrefix}.{operation.Name}", buffer);
    }

    internal override void DecodeResponse(Operation operation, ReadOnlyMemory<byte> body, Shape into) =>
        JsonShapeReader.ReadWhole(body, into);

    internal override AwsError DecodeError(IncomingError error) => JsonErrors.Read(error);
}
