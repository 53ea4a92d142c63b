using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Protocols;

/// <summary>
/// One AWS protocol: how a request becomes a shape, and how a shape or an error becomes an answer. Codecs keep no state, so that one
/// instance serves all requests. A decoder lets out nothing but <see cref="AwsError"/>: whatever is wrong with the bytes is the
/// caller's fault and is told in the caller's protocol.
/// </summary>
public abstract class ProtocolCodec
{
    public abstract AwsProtocol Protocol { get; }

    /// <summary>Decodes the request and checks that the members which the model requires are there.</summary>
    /// <exception cref="AwsError">The bytes are malformed, or a required member is missing.</exception>
    public Shape DecodeRequest(Operation operation, WireRequest request)
    {
        var shape = operation.NewRequest();
        try
        {
            ReadRequest(operation, request, shape);
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw MalformedRequest(operation.Service, e is MalformedRequestException ? e.Message : "Malformed request");
        }
        Checks.RequiredMembers.Check(operation, Protocol, shape);
        return shape;
    }

    public abstract WireResponse EncodeResponse(Operation operation, Shape response, string requestId);

    /// <param name="service">Null when the request could not be told to any service.</param>
    public abstract WireResponse EncodeError(ServiceSchema? service, AwsError error, string requestId);

    protected internal abstract void ReadRequest(Operation operation, WireRequest request, Shape into);

    /// <summary>What this protocol calls a body that cannot be read.</summary>
    protected abstract AwsError MalformedRequest(ServiceSchema service, string message);

    /// <summary>The codec of a protocol.</summary>
    public static ProtocolCodec For(AwsProtocol protocol) => protocol switch
    {
        AwsProtocol.AwsJson10 => AwsJson.Version10,
        AwsProtocol.AwsJson11 => AwsJson.Version11,
        AwsProtocol.AwsQuery => AwsQuery.Instance,
        AwsProtocol.RestJson => RestJson.Instance,
        AwsProtocol.RestXml => RestXml.Instance,
        AwsProtocol.RpcV2Cbor => RpcV2Cbor.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(protocol)),
    };

    internal static bool IsMalformed(Exception e) =>
        e is MalformedRequestException or JsonException or System.Xml.XmlException or System.Formats.Cbor.CborContentException
            or System.Text.DecoderFallbackException;

    private protected static string QueryCodeOf(AwsError error) => error.QueryCode ?? error.Code;

    private protected static string FaultOf(AwsError error) => error.IsServerFault ? "Receiver" : "Sender";
}
