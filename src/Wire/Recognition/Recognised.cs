using Longspan.Api.Shapes;
using Longspan.Wire.Protocols;

namespace Longspan.Wire.Recognition;

/// <summary>
/// What a request asks for. <see cref="Operation"/> is set or <see cref="Error"/> says why not, to be encoded with
/// <see cref="Codec"/>, the protocol in which the client expects its answer either way.
/// </summary>
public sealed record Recognised(ProtocolCodec Codec, ServiceSchema? Service, Operation? Operation, string OperationName, AwsError? Error)
{
    public AwsProtocol Protocol => Codec.Protocol;
}
