using System.Net.Http.Headers;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Protocols;

/// <summary>A protocol that our own client speaks as well.</summary>
public abstract class ClientCodec : ProtocolCodec
{
    internal abstract OutgoingRequest EncodeRequest(Operation operation, Shape request);
    internal abstract void DecodeResponse(Operation operation, ReadOnlyMemory<byte> body, Shape into);
    internal abstract AwsError DecodeError(IncomingError error);
}

/// <summary>A request body ready to be sent; <c>POST /</c> in every protocol that our client speaks.</summary>
internal sealed record OutgoingRequest(string ContentType, string? Target, PooledBuffer Body) : IDisposable
{
    public void Dispose() => Body.Dispose();
}

internal sealed record IncomingError(int Status, HttpResponseHeaders Headers, byte[] Body)
{
    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
