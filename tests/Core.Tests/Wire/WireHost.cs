using System.Net;
using Longspan.Api.Shapes;
using Longspan.Wire;
using Longspan.Wire.Recognition;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Longspan.Core.Tests.Wire;

/// <summary>A real HTTP server on a free port with the wire behind it and a function in place of the services.</summary>
internal sealed class WireHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WireHost(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public static async Task<WireHost> StartAsync(
        IReadOnlyList<ServiceSchema> services, SigningKeyLookUp lookUp, Func<Operation, Shape, SignatureVerdict, Shape> handle)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add($"http://{IPAddress.Loopback}:0");
        var recogniser = new Recogniser(services);
        var verifier = new SigV4(lookUp, TimeProvider.System);
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            using var response = await AnswerAsync(recogniser, verifier, handle, WireRequest.From(context, body.ToArray()), context.RequestAborted);
            context.Response.StatusCode = response.Status;
            context.Response.ContentType = response.ContentType;
            foreach (var (name, value) in response.Headers)
            {
                context.Response.Headers.Append(name, value);
            }
            await context.Response.Body.WriteAsync(response.Body, context.RequestAborted);
        });
        await app.StartAsync();
        return new WireHost(app);
    }

    private static async Task<WireResponse> AnswerAsync(
        Recogniser recogniser, SigV4 verifier, Func<Operation, Shape, SignatureVerdict, Shape> handle, WireRequest request, CancellationToken stop)
    {
        var recognised = recogniser.Recognise(request);
        try
        {
            if (recognised.Error is { } unknown)
            {
                throw unknown;
            }
            var verdict = await verifier.VerifyAsync(request, recognised.Protocol, recognised.Service!.SigningName, stop);
            if (verdict.Error is { } refused)
            {
                throw refused;
            }
            var decoded = recognised.Codec.DecodeRequest(recognised.Operation!, request);
            return recognised.Codec.EncodeResponse(recognised.Operation!, handle(recognised.Operation!, decoded, verdict), Wired.RequestId);
        }
        catch (AwsError error)
        {
            return recognised.Codec.EncodeError(recognised.Service, error, Wired.RequestId);
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
