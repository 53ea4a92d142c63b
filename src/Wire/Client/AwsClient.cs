using System.Net.Http.Headers;
using Longspan.Api.Shapes;
using Longspan.Wire.Protocols;
using Longspan.Wire.Signing;

namespace Longspan.Wire.Client;

/// <summary>Hands out the keys of the moment; asked before every call, so that rotated keys are picked up.</summary>
public delegate ValueTask<AwsCredentials> CredentialSource(CancellationToken stop);

/// <summary>
/// A small AWS client for our own programs. It signs, sends once and decodes; time-outs are the <see cref="HttpClient"/>'s and retries
/// are the caller's. Errors that the service answers are thrown as <see cref="AwsError"/>, everything else as what HTTP throws.
/// With a <see cref="ServerClock"/> it learns the server's time from the answers, and signs a refused call again when its time was wrong.
/// </summary>
public sealed class AwsClient(HttpClient http, Uri endpoint, string region, CredentialSource? credentials, TimeProvider clock)
{
    /// <summary>A response body larger than this is refused.</summary>
    public const int MaxResponseBytes = 64 * 1024 * 1024;

    /// <param name="operation">Must belong to a service of a JSON or Query protocol.</param>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, TRequest request, CancellationToken stop)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var codec = CodecOf(operation.Service);
        using var outgoing = codec.EncodeRequest(operation, request);
        var (status, headers, body, retimed) = await SendAsync(outgoing, operation.Service.SigningName, stop);
        if (status is 400 or 403 && retimed)
        {
            (status, headers, body, _) = await SendAsync(outgoing, operation.Service.SigningName, stop);
        }
        if (status is < 200 or > 299)
        {
            throw codec.DecodeError(new IncomingError(status, headers, body));
        }
        var response = new TResponse();
        try
        {
            codec.DecodeResponse(operation, body, response);
        }
        catch (Exception e) when (ProtocolCodec.IsMalformed(e))
        {
            throw new InvalidDataException($"The answer to {operation.Name} cannot be read: {e.Message}", e);
        }
        return response;
    }

    private async Task<(int Status, HttpResponseHeaders Headers, byte[] Body, bool Retimed)> SendAsync(
        OutgoingRequest outgoing, string signingName, CancellationToken stop)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, endpoint);
        message.Content = new ReadOnlyMemoryContent(outgoing.Body.WrittenMemory);
        message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(outgoing.ContentType);
        if (outgoing.Target is { } target)
        {
            message.Headers.Add("X-Amz-Target", target);
        }
        if (credentials is not null)
        {
            var keys = await credentials(stop);
            SigV4Signer.Sign(message, outgoing.Body.WrittenSpan, keys, region, signingName, clock.GetUtcNow());
        }
        using var answer = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, stop);
        var retimed = clock is ServerClock learning && answer.Headers.Date is { } date && learning.Observe(date);
        return ((int)answer.StatusCode, answer.Headers, await ReadBodyAsync(answer.Content, stop), retimed);
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContent content, CancellationToken stop)
    {
        await content.LoadIntoBufferAsync(MaxResponseBytes, stop);
        return await content.ReadAsByteArrayAsync(stop);
    }

    private static ClientCodec CodecOf(ServiceSchema service)
    {
        foreach (var protocol in service.Protocols)
        {
            if (ProtocolCodec.For(protocol) is ClientCodec codec)
            {
                return codec;
            }
        }
        throw new NotSupportedException($"{service.Name} has no protocol that this client speaks.");
    }
}
