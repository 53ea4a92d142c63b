using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Wire;
using Longspan.Wire.Protocols;
using Longspan.Wire.Recognition;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Longspan.Server.Endpoint;

/// <summary>
/// The one endpoint of all signed AWS calls. The steps are the whole of it: read, recognise, verify, decode, dispatch, encode. Whatever
/// goes wrong is answered in the protocol of the service that was called.
/// </summary>
/// <param name="gate">Keeps calls and resets apart, where there are resets.</param>
/// <param name="closing">Ends the calls that still wait when the server stops: long polls would hold it up for their whole time.</param>
internal sealed partial class AwsEndpoint(
    Cloud cloud, Recogniser recogniser, Authentication authentication, RateLimits rates, BodyReader bodies, CallGate? gate, ILogger<AwsEndpoint> log, CancellationToken closing)
{
    private const int MaximumBatchName = 256;
    private const int MaximumConnectionName = 64;
    private const int MaximumUserAgent = 1024;

    public async Task HandleAsync(HttpContext http)
    {
        var stop = http.RequestAborted;
        var requestId = Ids.Uuid();
        var codec = ProtocolCodec.For(AwsProtocol.AwsJson11);
        ServiceSchema? service = null;
        WireResponse answer;
        try
        {
            var request = WireRequest.From(http, default);
            var limit = BodyReader.LimitOf(request.Scope?.Service);
            using var body = await bodies.ReadAsync(http.Request, limit, stop);
            request.Body = body?.Memory ?? default;
            var recognised = recogniser.Recognise(request);
            (codec, service) = (recognised.Codec, recognised.Service);
            if (body is null)
            {
                throw new AwsError("RequestEntityTooLarge", $"The request body is larger than the {limit} bytes that this service takes.", 413);
            }
            if (recognised.Operation is not { } operation)
            {
                throw recognised.Error ?? new AwsError("UnknownOperationException", "The operation is not known.");
            }
            var arrival = new Arrival(http, body, request, recognised, operation, requestId);
            answer = await (gate is null ? ServeAsync(arrival, CancellationToken.None, stop) : ServeBetweenResetsAsync(arrival, gate, stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested || gate is not null)
        {
            answer = codec.EncodeError(service, new AwsError("ServiceUnavailable", "The server is stopping or being reset; try again.", 503), requestId);
        }
        catch (AwsError error)
        {
            answer = codec.EncodeError(service, error, requestId);
            if (error.AuthorizationMessage is { } reasons)
            {
                answer.Headers.Add(new(AuthorizationMessages.Header, reasons));
            }
        }
        catch (BadHttpRequestException broken)
        {
            answer = codec.EncodeError(service, new AwsError("SerializationException", broken.Message, broken.StatusCode), requestId);
        }
        catch (Exception bug)
        {
            LogBug(requestId, service?.Name ?? "?", bug);
            answer = codec.EncodeError(service, new AwsError("InternalFailure", $"The request failed inside the server; its id is {requestId}.", 500), requestId);
        }
        using (answer)
        {
            await WriteAsync(http.Response, answer, stop);
        }
    }

    private readonly record struct Arrival(
        HttpContext Http, BodyReader.Body Body, WireRequest Request, Recognised Recognised, Operation Operation, string RequestId);

    private async Task<WireResponse> ServeBetweenResetsAsync(Arrival arrival, CallGate between, CancellationToken stop)
    {
        var evicted = await between.EnterAsync(stop);
        try
        {
            return await ServeAsync(arrival, evicted, stop);
        }
        finally
        {
            between.Leave();
        }
    }

    private async Task<WireResponse> ServeAsync(Arrival arrival, CancellationToken evicted, CancellationToken stop)
    {
        var (http, body, request, recognised, operation, requestId) = arrival;
        var (caller, region) = await authentication.VerifyAsync(request, recognised.Protocol, operation, stop);
        rates.Take(caller, operation);
        var call = new CallContext(cloud, caller, region, requestId, RequestEndpoint.Of(http.Request, cloud.Settings.Endpoint))
        {
            ProducerBatch = ProducerBatchOf(http.Request),
            NodeConnection = NodeConnectionOf(http.Request),
            SourceAddress = http.Connection.RemoteIpAddress,
            UserAgent = UserAgentOf(http.Request),
            IsEncrypted = http.Request.IsHttps,
        };
        var shape = recognised.Codec.DecodeRequest(operation, request);
        // No shape points into the body, and a long poll must not keep its memory, or its place among all bodies, while it waits.
        body.Dispose();
        using var limits = CancellationTokenSource.CreateLinkedTokenSource(stop, closing, evicted);
        var response = await cloud.DispatchAsync(call, operation, shape, limits.Token);
        return recognised.Codec.EncodeResponse(operation, response, requestId);
    }

    private static async Task WriteAsync(HttpResponse response, WireResponse answer, CancellationToken stop)
    {
        response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers.Append(name, value);
        }
        if (answer.ContentType is { } type)
        {
            response.ContentType = type;
        }
        var isHead = HttpMethods.IsHead(response.HttpContext.Request.Method);
        response.ContentLength = isHead ? answer.ToldLength ?? answer.Body.Length : answer.Body.Length;
        if (isHead)
        {
            return;
        }
        try
        {
            await response.Body.WriteAsync(answer.Body, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client has gone; what was committed stays committed, and its retry finds it so.
        }
    }

    private static string? ProducerBatchOf(HttpRequest request) =>
        request.Headers["x-longspan-log-batch"].ToString() is { Length: > 0 and <= MaximumBatchName } batch ? batch : null;

    private static string? NodeConnectionOf(HttpRequest request) =>
        request.Headers["x-longspan-connection"].ToString() is { Length: > 0 and <= MaximumConnectionName } name ? name : null;

    private static string? UserAgentOf(HttpRequest request) =>
        request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent[..Math.Min(agent.Length, MaximumUserAgent)] : null;

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} to {Service} failed inside the server")]
    private partial void LogBug(string requestId, string service, Exception bug);
}
